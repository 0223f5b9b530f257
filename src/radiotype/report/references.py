"""References of the methods that a run used, and of no others."""

from __future__ import annotations

from radiotype.report.cautions import is_frozen
from radiotype.report.methods_images import found_parenchyma, harmonised, parenchyma_methods
from radiotype.report.stored import Stored
from radiotype.report.words import plain

_REFERENCES = {
    "ibsi": "Zwanenburg A, et al. The Image Biomarker Standardisation Initiative. Radiology 2020;295:328–338.",
    "bias": "Tustison NJ, et al. N4ITK: improved N3 bias correction. IEEE Trans Med Imaging 2010;29:1310–1320.",
    "ratio": "Hylton NM, et al. Locally advanced breast cancer: MR imaging for prediction of response to "
    "neoadjuvant chemotherapy. Radiology 2012;263:663–672.",
    "breast": "Wu S, et al. Automated fibroglandular tissue segmentation and volumetric density estimation in breast MRI "
    "using an atlas-aided fuzzy C-means method. Med Phys 2013;40:122302.",
    "deepbet": "Fisch L, et al. deepbet: fast brain extraction of T1-weighted MRI using convolutional neural networks. "
    "Comput Biol Med 2024;179:108845.",
    "icc": "McGraw KO, Wong SP. Forming inferences about some intraclass correlation coefficients. "
    "Psychol Methods 1996;1:30–46.",
    "kruskal": "Kruskal WH, Wallis WA. Use of ranks in one-criterion variance analysis. J Am Stat Assoc 1952;47:583–621.",
    "study": "Wu J, et al. Radiological tumour classification across imaging modality and histology. "
    "Nat Mach Intell 2021;3:787–798.",
    "consensus": "Monti S, et al. Consensus clustering. Machine Learning 2003;52:91–118.",
    "pac": "Șenbabaoğlu Y, et al. Critical limitations of consensus clustering in class discovery. Sci Rep 2014;4:6207.",
    "autoencoder": "Ng A. Sparse autoencoder. CS294A lecture notes, Stanford, 2011.",
    "groups": "Kapp AV, Tibshirani R. Are clusters found in one dataset present in another dataset? Biostatistics 2007;8:9–31.",
    "boosting": "Chen T, Guestrin C. XGBoost: a scalable tree boosting system. KDD 2016:785–794.",
    "temperature": "Guo C, et al. On calibration of modern neural networks. ICML 2017.",
    "shrinkage": "Ledoit O, Wolf M. A well-conditioned estimator for large-dimensional covariance matrices. "
    "J Multivar Anal 2004;88:365–411.",
    "survival": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457–481.",
    "logrank": "Mantel N. Evaluation of survival data and two new rank order statistics. Cancer Chemother Rep 1966;50:163–170.",
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187–220.",
    "lasso": "Tibshirani R. The lasso method for variable selection in the Cox model. Stat Med 1997;16:385–395.",
    "concordance": "Kang L, et al. Comparing two correlated C indices with right-censored survival outcome: a one-shot "
    "nonparametric approach. Stat Med 2015;34:685–703.",
    "moderated": "Smyth GK. Linear models and empirical Bayes methods for assessing differential expression in "
    "microarray experiments. Stat Appl Genet Mol Biol 2004;3:article 3.",
    "ssgsea": "Barbie DA, et al. Systematic RNA interference reveals that oncogenic KRAS-driven cancers require TBK1. "
    "Nature 2009;462:108–112.",
    "rates": "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful approach to multiple "
    "testing. J R Stat Soc B 1995;57:289–300.",
}


def references(stored: Stored) -> list[str]:
    """References of the methods that were used."""
    used = _used(stored)
    own = dict.fromkeys(plain(record.reference) for record in stored.records if record.reference)
    named = " ".join(own)
    has = {"ibsi": "Zwanenburg" in named, "study": "Nature Machine Intelligence 3 (2021) 787-798" in named}
    return [*own, *(text for name, text in _REFERENCES.items() if used[name] and not has.get(name, False))]


def _used(stored: Stored) -> dict[str, bool]:
    there = {name for name, table in stored.results.items() if len(table)}
    steps = stored.results.get("model_steps")
    done = " ".join(harmonised(stored))
    found = " ".join(parenchyma_methods(stored)) if found_parenchyma(stored) else ""
    clustered = stored.consensus is not None
    encoder = (stored.recipe.get("subtypes") or {}).get("encoder") if clustered else None
    grown = stored.results["model_confusion"]["learner"].iloc[0] if "model_confusion" in there else ""
    differences = bool({"feature_differences", "hallmarks", "cells"} & there)
    by_sets = "hallmarks" in there or ("cells" in there and (stored.recipe.get("biology") or {}).get("cells_by") != "mean")
    families = stored.results.get("family_differences")
    return {
        "ibsi": any(record.ibsi for record in stored.records),
        "bias": "N4" in done,
        "ratio": "enhancement ratio" in done,
        "breast": "fuzzy" in found,
        "deepbet": "deepbet" in found,
        "icc": "robustness" in there and bool(stored.results["robustness"]["icc"].notna().any()),
        "kruskal": "comparability" in there,
        "study": stored.recipe.get("design") == "imaging_subtypes" and (clustered or is_frozen(stored)),
        "consensus": clustered,
        "pac": clustered,
        "autoencoder": encoder == "autoencoder",
        "groups": "in_group_proportions" in there,
        "boosting": grown == "xgboost",
        "temperature": "model_confusion" in there,
        "shrinkage": steps is not None and bool((steps["kind"] == "OutOfDistribution").any()),
        "survival": stored.kaplan_meier is not None,
        "logrank": stored.logrank is not None,
        "cox": stored.cox is not None,
        "lasso": "risk_concordance" in there,
        "concordance": "risk_difference" in there,
        "moderated": differences,
        "ssgsea": by_sets or (families is not None and bool((families["score"] == "ssgsea").any())),
        "rates": differences or bool({"in_group_proportions", "contrasts"} & there),
    }
