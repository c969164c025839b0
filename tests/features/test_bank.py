"""Channels against analytic results and independent SciPy implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from supervox.features import PRESETS, FeatureBank, FeatureParameters, IntensityRange
from supervox.features.scales import plan_scale

AS_IT_IS = IntensityRange(0, 10, 0)  # normalisation that changes nothing
INSIDE = (slice(12, -12),) * 3
rng = np.random.default_rng(0)
full = FeatureBank(PRESETS["full"])


def quadratic(shape=(40, 40, 40)):
    """Return a quadratic polynomial with known derivatives, and its coordinates."""
    z, y, x = np.meshgrid(*[(np.arange(n) - n / 2) / 20 for n in shape], indexing="ij")
    return 3 + z + 0.5 * z**2 + y * x - 0.25 * x**2, z, y, x


def noise(shape):
    return np.clip(rng.normal(5, 2, shape), -10, 20).astype(np.float32)


def reference(volume, sigma, spacing=(1, 1, 1)):
    """Compute the channels of one scale on the full grid with SciPy, in float64."""
    ratio = np.array(spacing) / min(spacing)
    sigmas = [
        sigma / r if sigma / r >= 1 and n > 1 else 0.0
        for r, n in zip(ratio, volume.shape, strict=True)
    ]

    def smooth(values):
        return ndi.gaussian_filter(values, sigmas, mode="reflect", truncate=3)

    def shifted(values, *steps):
        padded = np.pad(values, 1, mode="edge")
        return padded[
            tuple(slice(1 + s, 1 + s + n) for s, n in zip(steps, values.shape, strict=True))
        ]

    volume = volume.astype(float)
    values = smooth(volume)
    unit = np.eye(3, dtype=int)
    weight = [sigma / r if s else 0.0 for r, s in zip(ratio, sigmas, strict=True)]
    first = [
        weight[a] / 2 * (shifted(values, *unit[a]) - shifted(values, *-unit[a])) for a in range(3)
    ]
    hessian, tensor = np.empty((*volume.shape, 3, 3)), np.empty((*volume.shape, 3, 3))
    for a in range(3):
        for b in range(3):
            if a == b:
                second = shifted(values, *unit[a]) + shifted(values, *-unit[a]) - 2 * values
            else:
                second = sum(
                    s * t * shifted(values, *(s * unit[a] + t * unit[b])) / 4
                    for s in (-1, 1)
                    for t in (-1, 1)
                )
            hessian[..., a, b] = weight[a] * weight[b] * second
            tensor[..., a, b] = smooth(first[a] * first[b])
    hessian_values = np.linalg.eigvalsh(hessian)[..., ::-1]
    tensor_values = np.sqrt(np.maximum(np.linalg.eigvalsh(tensor)[..., ::-1], 0))
    found = {
        "gaussian": values,
        "gradient_magnitude": np.sqrt(sum(d**2 for d in first)),
        "laplacian_of_gaussian": np.trace(hessian, axis1=-2, axis2=-1),
        "difference_of_gaussians": values - smooth(values),
        "local_std": np.sqrt(np.maximum(smooth(volume**2) - values**2, 0)),
    }
    for k in range(3):
        found[f"hessian_eigenvalue_{k + 1}"] = hessian_values[..., k]
        found[f"structure_tensor_eigenvalue_{k + 1}"] = tensor_values[..., k]
    return found


@pytest.mark.parametrize("sigma", [1, 2])
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((24, 25, 26), (1, 1, 1)),
        ((1, 40, 30), (1, 1, 1)),
        ((12, 40, 30), (2, 1, 1)),
        ((10, 31, 32), (4, 0.8, 0.8)),
        ((3, 2, 30), (1, 1, 1)),
    ],
)
def test_all_filters_equal_scipy_on_the_full_grid(shape, spacing, sigma):
    volume = noise(shape)
    for name, expected in reference(volume, sigma, spacing).items():
        found = full.compute_channel(
            volume, f"{name}_sigma_{sigma}", spacing=spacing, intensity=AS_IT_IS
        )
        # the square root turns rounding of 1e-7 near 0 into 3e-4
        atol = 3e-3 if "structure" in name or "std" in name else 6e-5
        np.testing.assert_allclose(found, expected, atol=atol, err_msg=name)


@pytest.mark.parametrize("sigma", [1, 2])
def test_quadratic_has_exact_derivatives(sigma):
    volume, z, y, x = quadratic()
    bank = FeatureBank(FeatureParameters(sigmas_voxels=(sigma,)))
    names = bank.channel_names
    found = dict(zip(names, bank.compute(volume, intensity=AS_IT_IS)[:, *INSIDE], strict=True))
    z, y, x = (c[INSIDE] for c in (z, y, x))
    step = sigma / 20  # coordinates advance by 1/20 a voxel
    length = step * np.sqrt((1 + z) ** 2 + x**2 + (y - 0.5 * x) ** 2)
    np.testing.assert_allclose(found[f"gradient_magnitude_sigma_{sigma}"], length, atol=2e-5)
    np.testing.assert_allclose(
        found[f"laplacian_of_gaussian_sigma_{sigma}"], 0.5 * step**2, atol=2e-5
    )
    expected = np.linalg.eigvalsh([[1, 0, 0], [0, 0, 1], [0, 1, -0.5]])[::-1] * step**2
    for k in range(3):
        values = found[f"hessian_eigenvalue_{k + 1}_sigma_{sigma}"]
        np.testing.assert_allclose(values, expected[k], atol=2e-5)


@pytest.mark.parametrize("sigma", [2, 4, 8, 16])
def test_plane_wave_on_every_grid(sigma):
    """A long wave is damped as by a Gaussian; its gradient has one direction."""
    k = 0.5 / sigma
    volume = np.broadcast_to(5 + 4 * np.sin(k * np.arange(320)), (64, 64, 320)).astype(np.float32)
    found = {
        name: full.compute_channel(volume, f"{name}_sigma_{sigma}", intensity=AS_IT_IS)[32, 32]
        for name in (
            "gaussian",
            "laplacian_of_gaussian",
            "structure_tensor_eigenvalue_1",
            "structure_tensor_eigenvalue_2",
        )
    }
    cell = plan_scale(sigma, volume.shape, (1, 1, 1)).factor[2]
    centre = (np.arange(320) // cell + 0.5) * cell - 0.5
    damped = 4 * np.exp(-((k * sigma) ** 2) / 2)
    inside = slice(130, -130)
    wave = damped * np.sin(k * centre)
    np.testing.assert_allclose(found["gaussian"][inside], 5 + wave[inside], atol=0.03)
    laplacian = -((sigma * k) ** 2) * wave
    np.testing.assert_allclose(found["laplacian_of_gaussian"][inside], laplacian[inside], atol=0.04)
    assert found["structure_tensor_eigenvalue_2"][inside] == pytest.approx(0, abs=2e-3)
    # the mean of cos^2 under the outer Gaussian
    mean = (1 + np.exp(-2 * (k * sigma) ** 2) * np.cos(2 * k * centre)) / 2
    expected = damped * sigma * k * np.sqrt(mean)
    np.testing.assert_allclose(
        found["structure_tensor_eigenvalue_1"][inside], expected[inside], atol=0.05
    )


@pytest.mark.parametrize("sigma", [4, 8])
def test_coarse_grid_is_close_to_the_fine_one(sigma):
    smooth = ndi.gaussian_filter(rng.normal(size=(64, 64, 64)), 3)
    volume = (5 + smooth / smooth.std()).astype(np.float32)
    for name, expected in reference(volume, sigma).items():
        found = full.compute_channel(volume, f"{name}_sigma_{sigma}", intensity=AS_IT_IS)
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95, name
        assert np.abs(found.mean() - expected.mean()) < 0.1 * expected.std() + 0.01, name


def test_spacing_makes_filters_isotropic():
    """A ball on a grid with thick planes looks the same along planes and rows."""
    z, y, x = np.meshgrid(
        (np.arange(41) - 20) * 2, np.arange(81) - 40, np.arange(81) - 40, indexing="ij"
    )
    ball = 10 * np.exp(-(z**2 + y**2 + x**2) / (2 * 8.0**2))
    for name in (
        "gaussian",
        "gradient_magnitude",
        "hessian_eigenvalue_1",
        "structure_tensor_eigenvalue_1",
    ):
        found = full.compute_channel(
            ball, f"{name}_sigma_4", spacing=(0.2, 0.1, 0.1), intensity=AS_IT_IS
        )
        # every second row against every plane, in cells of equal physical size
        along_planes, along_rows = found[::2, 40, 40], found[20, ::4, 40]
        np.testing.assert_allclose(along_planes[4:17], along_rows[4:17], atol=0.35, err_msg=name)


def test_serial_sections_are_not_mixed():
    volume = noise((6, 40, 40))
    bank = FeatureBank(FeatureParameters(sigmas_voxels=(1, 2, 4)))
    whole = bank.compute(volume, spacing=(9, 2, 2), intensity=AS_IT_IS)
    for plane in range(6):
        one = bank.compute(volume[plane : plane + 1], spacing=(9, 2, 2), intensity=AS_IT_IS)
        np.testing.assert_array_equal(whole[:, plane], one[:, 0])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_region_has_the_bits_of_the_whole(data):
    shape = data.draw(st.sampled_from([(37, 41, 45), (5, 70, 33), (1, 64, 50)]))
    spacing = data.draw(st.sampled_from([(1, 1, 1), (3, 1, 1)]))
    volume = np.random.default_rng(2).normal(5, 2, shape)
    whole = full.compute(volume, spacing=spacing, intensity=AS_IT_IS)
    region = []
    for n in shape:
        start = data.draw(st.integers(0, n - 1))
        region.append(slice(start, data.draw(st.integers(start + 1, n))))
    part = full.compute(volume, region=tuple(region), spacing=spacing, intensity=AS_IT_IS)
    np.testing.assert_array_equal(part, whole[:, *region])


def test_a_channel_does_not_depend_on_the_others():
    volume = noise((20, 21, 22))
    together = full.compute(volume, intensity=AS_IT_IS)
    for index in range(0, len(full.channel_names), 5):
        alone = full.compute_channel(volume, full.channel_names[index], intensity=AS_IT_IS)
        np.testing.assert_array_equal(alone, together[index])


def test_scales_choose_their_grids():
    assert [plan_scale(s, (99, 99, 99), (1, 1, 1)).factor[0] for s in (1, 2, 3, 4, 8, 16)] == [
        1,
        1,
        1,
        2,
        4,
        8,
    ]
    scale = plan_scale(8, (99, 99, 99), (0.4, 0.1, 0.1))
    assert scale.factor == (1, 4, 4)
    assert scale.outer == (2, 2, 2)
    # averaging 4 voxels blurs by (4**2 - 1) / 12
    assert 4 * scale.inner[1] == pytest.approx(np.sqrt(64 - 1.25))
    assert plan_scale(2, (99, 99, 99), (0.3, 0.1, 0.1)).inner[0] == 0
    assert plan_scale(3, (99, 99, 99), (0.3, 0.1, 0.1)).inner[0] == pytest.approx(1)


def test_errors():
    volume = noise((4, 5, 6))
    with pytest.raises(ValueError, match=r"no channels \['sobel'\]; choose from raw"):
        full.compute_channel(volume, "sobel")
    with pytest.raises(ValueError, match=r"3D volume .*image\[None\]"):
        full.compute(volume[0], intensity=AS_IT_IS)
    with pytest.raises(ValueError, match="3 positive voxel sizes"):
        full.compute(volume, spacing=(1, 0, 1), intensity=AS_IT_IS)
    with pytest.raises(ValueError, match="slices of step 1 with voxels"):
        full.compute(volume, region=(slice(2, 2), slice(None), slice(None)), intensity=AS_IT_IS)
