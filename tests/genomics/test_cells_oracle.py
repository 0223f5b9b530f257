"""Cell populations beside MCP-counter's formula in R, sorted cells, and what textbooks say of breast tumours and gliomas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.genomics import cell_populations
from radiotype.stats import compare_groups

#: Order in which the example lists the probe sets of the populations; within one they are sorted.
IN_EXAMPLE = (
    "T cells", "CD8 T cells", "Cytotoxic lymphocytes", "B lineage", "NK cells", "Monocytic lineage", "Myeloid dendritic cells",
    "Neutrophils", "Endothelial cells", "Fibroblasts",
)  # fmt: skip

#: apply(x[intersect(rownames(x), markers), ], 2, mean, na.rm = TRUE) in R 4.2.2, the body of MCPcounter.estimate.
BY_R = {
    "CD4 T cells GSM723848": {"T cells": 8.63860355164, "NK cells": 5.66370791998, "Endothelial cells": 4.47240578891},
    "NK cells GSM687248": {"NK cells": 8.56321573123, "B lineage": 4.71229165124, "Fibroblasts": 4.86366900168},
    "Neutrophils GSM322292": {"Neutrophils": 10.23116919851, "T cells": 4.97066147420},
    "Endothelium GSM143729": {"Endothelial cells": 9.65673858870, "Fibroblasts": 5.58086605471},
}

#: Sorted cells of the example in which a population is to be highest.
OWN = {
    "T cells": ("CD4 T cells", "CD8 T cells"), "CD8 T cells": ("CD8 T cells",),
    "Cytotoxic lymphocytes": ("NK cells", "CD8 T cells"), "B lineage": ("B cells",), "NK cells": ("NK cells",),
    "Monocytic lineage": ("Monocytes", "Macrophages", "Dendritic cells"), "Myeloid dendritic cells": ("Dendritic cells",),
    "Neutrophils": ("Neutrophils",), "Endothelial cells": ("Endothelium",), "Fibroblasts": ("Fibroblast",),
}  # fmt: skip


def gene_sets(path):
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {name: genes for name, _, *genes in lines}


@pytest.fixture(scope="module")
def breast(shared):
    folder = shared / "data" / "tabular" / "expr_brca_scanb_gse96058_400"
    clinical = pd.read_csv(folder / "clinical.csv").set_index("title")
    expression = pd.read_parquet(folder / "expression.parquet").T
    return expression, clinical.loc[expression.index, "pam50_subtype"]


@pytest.fixture(scope="module")
def example(shared):
    table = pd.read_csv(shared / "data" / "tabular" / "genesets_mcpcounter" / "example_expression_52.csv", index_col=0).T
    block, markers = -1, {}
    for i, probe in enumerate(table.columns):
        if not i or probe < table.columns[i - 1]:
            block += 1
        markers.setdefault(IN_EXAMPLE[block], []).append(probe)
    assert block == len(IN_EXAMPLE) - 1
    return table, markers


def test_scores_equal_the_formula_of_mcp_counter(example):
    table, markers = example
    scores = cell_populations(table, markers).scores
    for sample, expected in BY_R.items():
        np.testing.assert_allclose(scores.loc[sample, list(expected)].astype(float), list(expected.values()), rtol=1e-11)


def test_each_population_is_highest_in_its_own_sorted_cells(example):
    table, markers = example
    scores = cell_populations(table, markers).scores
    kind = pd.Series(scores.index.str.replace(r" GSM.*", "", regex=True), index=scores.index)
    sorted_cells = kind[kind.isin({one for own in OWN.values() for one in own})].index
    for population, own in OWN.items():
        best = scores.loc[sorted_cells, population].groupby(kind).mean().sort_values(ascending=False)
        assert set(best.index[: len(own)]) == set(own), population


def test_basal_tumours_hold_more_lymphocytes_than_luminal_ones(breast, shared):
    """Stanton, Adams & Disis, JAMA Oncol 2 (2016) 1354: lymphocytes in triple-negative tumours."""
    expression, subtype = breast
    genes = pd.read_csv(shared / "data" / "tabular" / "genesets_mcpcounter" / "genes.csv")
    markers = genes.groupby("Cell population")["HUGO symbols"].apply(list).to_dict()
    found = cell_populations(expression, markers)
    assert set(found.coverage.refused) == {"NK cells"}
    table = compare_groups(found.scores, subtype, [("Basal", "LumA")]).to_frame("Basal v LumA")
    up = ["T cells", "CD8 T cells", "Cytotoxic lymphocytes", "B lineage"]
    assert (table.loc[up, "effect"] > 0).all()
    assert (table.loc[up, "q_value"] < 1e-4).all()
    assert table.loc["Fibroblasts", "effect"] < 0


def test_the_sixteen_populations_tell_the_subtypes_of_breast_cancer(breast, shared):
    """Mast cells go with hormone receptors: Amini et al., BMC Cancer 7 (2007) 165."""
    expression, subtype = breast
    populations = gene_sets(shared / "data" / "tabular" / "genesets_immune_celltypes" / "tamborero2018_populations.gmt")
    del populations["Cytotoxic cells"]
    assert len(populations) == 16
    found = cell_populations(expression, populations)
    table = compare_groups(found.scores, subtype, [("Basal", "LumA")]).to_frame("Basal v LumA")
    up = ["Activated CD8 T cell", "Gamma delta T cell", "Regulatory T cell", "B cells", "aDC"]
    assert (table.loc[up, "effect"] > 0).all()
    assert (table.loc[up, "q_value"] < 1e-4).all()
    assert table.loc["Mast cells", "effect"] < 0
    assert table.loc["Mast cells", "q_value"] < 1e-4


def test_the_populations_of_bindea_are_scored_by_the_same_call(breast, shared):
    expression, subtype = breast
    populations = gene_sets(shared / "data" / "tabular" / "genesets_immune_celltypes" / "bindea2013.gmt")
    for tissue in ("SW480 cancer cells", "Blood vessels", "Lymph vessels", "Normal mucosa"):
        del populations[tissue]
    assert len(populations) == 24
    found = cell_populations(expression, populations)
    table = compare_groups(found.scores, subtype, [("Basal", "LumA")]).to_frame("Basal v LumA")
    assert (table.loc[["T cells", "Cytotoxic cells", "Th1 cells", "Th2 cells"], "effect"] > 0).all()


def test_scores_of_another_program_are_compared_between_immune_clusters(shared):
    """xCell in paediatric low-grade gliomas: a positive control, since the clusters were made from these scores."""
    table = pd.read_csv(shared / "data" / "tabular" / "radiogenomics_plgg_cbtn_captk_xcell" / "xcell_scores.csv", index_col=0)
    scores = table.drop(columns=["cluster_assigned", "molecular_subtype"])
    found = compare_groups(scores, table["cluster_assigned"], standardise=True)
    assert found.groups == ("1", "2", "3")
    frame = found.to_frame().set_index(["comparison", "feature"])
    poorest = scores.groupby(table["cluster_assigned"])["immune score"].mean().idxmin()
    cold = frame.loc[f"{poorest} v rest"]
    for feature in ("immune score", "Macrophage", "Macrophage M1", "Monocyte", "Myeloid dendritic cell activated"):
        assert cold.loc[feature, "effect"] < 0
        assert cold.loc[feature, "q_value"] < 1e-6
