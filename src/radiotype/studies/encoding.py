"""Codes: what the features are condensed to before patients are compared, learnt on the discovery patients alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from radiotype.studies.encoding_settings import Encoder, EncodingSettings

if TYPE_CHECKING:
    from radiotype.subtypes import PrincipalComponents, SparseAutoencoder


@dataclass(frozen=True, eq=False)
class Encoding:
    """An encoder fitted on scaled features of discovery patients; without one the codes are the scaled features."""

    encoder: SparseAutoencoder | PrincipalComponents | None

    def codes(self, scaled: pd.DataFrame) -> pd.DataFrame:
        """Codes of patients, one column each, from features scaled like those of the discovery patients."""
        if self.encoder is None:
            return scaled
        values = self.encoder.transform(scaled.to_numpy())
        return pd.DataFrame(values, columns=[f"code_{at + 1}" for at in range(values.shape[1])], index=scaled.index)

    def arrays(self) -> dict[str, np.ndarray]:
        """What was learnt, by name."""
        names = ("encode_", "encode_offset_", "decode_", "decode_offset_", "mean_", "components_", "explained_")
        return {name.rstrip("_"): np.asarray(getattr(self.encoder, name)) for name in names if hasattr(self.encoder, name)}

    def reconstructed(self, codes: pd.DataFrame) -> np.ndarray:
        """Scaled features put together again from codes."""
        if self.encoder is None:
            return codes.to_numpy()
        if hasattr(self.encoder, "inverse_transform"):
            return np.asarray(self.encoder.inverse_transform(codes.to_numpy()))
        return np.asarray(codes.to_numpy() @ self.encoder.components_ + self.encoder.mean_)


def fit_encoding(
    scaled: pd.DataFrame, discovery: np.ndarray, encoder: Encoder, settings: EncodingSettings, *, seed: int
) -> Encoding:
    """Learn the codes of the discovery patients.

    Parameters
    ----------
    scaled : data frame, shape (n_patients, n_features)
        Features from 0 to 1.
    discovery : array of bool, shape (n_patients,)
        The patients it is fitted on; the loss of the others is followed, they have no influence.
    encoder : {"none", "autoencoder", "components"}
    settings : EncodingSettings
    seed : int

    Raises
    ------
    ComputeError
        RT301 if there are fewer discovery patients or features than components.
    """
    from radiotype.subtypes import PrincipalComponents, SparseAutoencoder

    first, others = scaled[discovery].to_numpy(), scaled[~discovery].to_numpy()
    if encoder == "none":
        return Encoding(None)
    if encoder == "components":
        return Encoding(PrincipalComponents(settings.n_codes).fit(first))
    network = SparseAutoencoder(**settings.model_dump(), seed=seed)
    return Encoding(network.fit(first, validation=others if len(others) else None))


def encoder_tables(
    encoding: Encoding, scaled: pd.DataFrame, codes: pd.DataFrame, discovery: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Tables on an encoder by name; none without one.

    `encoder_losses`: reconstruction loss (mean of half the squared distance of a patient and its reconstruction) in discovery
    and validation, that of the discovery mean of every feature, and the share of the latter that the codes explain.
    `encoder_descent`: the loss by iteration. `code_correlations`: Pearson's correlation of every two codes, empty where a code
    is constant.
    """
    if encoding.encoder is None:
        return {}
    middle = scaled[discovery].mean().to_numpy()
    losses, correlations = [], []
    for split, rows in (("discovery", discovery), ("validation", ~discovery)):
        if not rows.any():
            continue
        values, own = scaled[rows].to_numpy(), codes[rows]
        loss = _loss(values - encoding.reconstructed(own))
        of_mean = _loss(values - middle)
        explained = 1 - loss / of_mean if of_mean > 0 else float("nan")
        losses.append({"split": split, "n": int(rows.sum()), "loss": loss, "loss_of_mean": of_mean, "explained": explained})
        if rows.sum() > 2:
            long = own.corr().rename_axis("code").reset_index().melt("code", var_name="other", value_name="correlation")
            correlations.append(long.assign(split=split, n=int(rows.sum())))
    tables = {"encoder_losses": pd.DataFrame(losses)}
    if correlations:
        tables["code_correlations"] = pd.concat(correlations, ignore_index=True)[["split", "n", "code", "other", "correlation"]]
    descent = []
    for split, name in (("discovery", "training_loss_"), ("validation", "validation_loss_")):
        curve = np.asarray(getattr(encoding.encoder, name, np.empty(0)))
        if len(curve):
            descent.append(pd.DataFrame({"iteration": np.arange(len(curve)), "split": split, "loss": curve}))
    if descent:
        tables["encoder_descent"] = pd.concat(descent, ignore_index=True)
    return tables


def _loss(errors: np.ndarray) -> float:
    return float(np.mean(np.sum(errors**2, axis=1)) / 2)
