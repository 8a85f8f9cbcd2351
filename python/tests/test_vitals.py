"""Vitals, their files and their diagnosis."""

import pickle

import numpy as np
import pytest

import excite


def fed(z, a=None, function="relu"):
    vitals = excite.Vitals("net")
    vitals.add_layer("fc1", function, units=z.shape[1])
    vitals.update("fc1", z, a)
    return vitals


def test_dead_units_are_found():
    z = np.random.default_rng(0).normal(size=(400, 8))
    z[:, 3] = -np.abs(z[:, 3])
    diagnosis = fed(z).diagnosis()
    (layer,) = diagnosis.layers
    assert (layer.units, layer.samples, layer.dead) == (8, 400, [3])
    finding = next(fact for fact in diagnosis.facts if fact.rule == "dead-units")
    assert (finding.layer, finding.units) == ("fc1", [3])
    assert finding.remedy and finding.evidence
    assert "fc1" in diagnosis._repr_html_() and "dead" in str(diagnosis)
    assert fed(z)._repr_html_() == diagnosis._repr_html_()


def test_parts_merge_to_the_whole():
    z = np.random.default_rng(0).normal(size=(300, 5, 4, 4)).astype(np.float32)
    whole, merged = fed(z), fed(z[:100])
    merged.merge(fed(z[100:]))
    for one, other in zip(whole.diagnosis().layers, merged.diagnosis().layers, strict=True):
        assert one.dead == other.dead and one.samples == other.samples
        assert one.mean == pytest.approx(other.mean, abs=1e-12)


def test_axes_and_types():
    z = np.random.default_rng(0).normal(size=(10, 6, 3)).astype(np.float32)
    words = excite.Vitals("net")
    words.add_layer("mlp", "gelu", units=3)
    words.update("mlp", z.astype(np.float64), axis=-1)
    assert (words.diagnosis().layers[0].values, words.diagnosis().samples) == (60, 10)
    channels = excite.Vitals("net")
    channels.add_layer("mlp", "gelu", units=3)
    channels.update("mlp", np.moveaxis(z, 2, 1))
    assert channels.diagnosis().layers[0].mean == pytest.approx(words.diagnosis().layers[0].mean)


def test_files_are_those_of_the_program(tmp_path):
    z = np.random.default_rng(0).normal(size=(64, 5))
    for index, part in enumerate(np.split(z, 2)):
        fed(part).save(tmp_path / f"{index}.vitals")
    fed(z).save(tmp_path / "whole.json")
    assert excite.Vitals.load(tmp_path / "whole.json").diagnosis() == fed(z).diagnosis()
    copy = pickle.loads(pickle.dumps(excite.Vitals.load(tmp_path / "0.vitals")))
    assert copy.layers == ["fc1"] and copy.units("fc1") == 5
    merged = excite.merge([tmp_path / "0.vitals", tmp_path / "1.vitals"])
    assert merged.layers[0].samples == 64


def test_bad_input_is_refused(tmp_path):
    vitals = fed(np.zeros((4, 3)))
    with pytest.raises(KeyError, match="no layer `fc2`"):
        vitals.update("fc2", np.zeros((4, 3)))
    with pytest.raises(ValueError, match="has 3 units, and there are 5"):
        vitals.update("fc1", np.zeros((4, 5)))
    with pytest.raises(TypeError, match="z or a must be given"):
        vitals.update("fc1")
    with pytest.raises(ValueError, match="differ in shape"):
        vitals.update("fc1", np.zeros((4, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="unknown activation function `rulu`"):
        vitals.add_layer("fc2", "rulu", units=1)
    with pytest.raises(ValueError, match="already"):
        vitals.add_layer("fc1", "relu", units=1)
    with pytest.raises(ValueError, match="cannot be merged"):
        vitals.merge(fed(np.zeros((4, 2))))
    with pytest.raises(OSError, match="no-such"):
        vitals.save(tmp_path / "no-such" / "x.vitals")
    (tmp_path / "x.vitals").write_bytes(b"no vitals")
    with pytest.raises(ValueError, match="not readable as vitals"):
        excite.Vitals.load(tmp_path / "x.vitals")
