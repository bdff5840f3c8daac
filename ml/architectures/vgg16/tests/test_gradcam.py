import numpy as np
import pytest

from ml.architectures.vgg16.gradcam import GradCam
from ml.architectures.vgg16.network import build_network
from ml.architectures.vgg16.trunk import build_trunk
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import crop_square_area
from ml.release.parts import Evidence
from ml.tests.widths import WIDTHS, random_decoder, random_weights

pytestmark = pytest.mark.long


def by_gradient_tape(network, tensor: np.ndarray) -> np.ndarray:
    """Grad-CAM as Selvaraju et al. wrote it, by automatic differentiation, of the logit."""
    import keras
    import tensorflow as tf

    names = [layer.name for layer in network.layers]
    after = network.layers[names.index("block5_conv3") + 1 : names.index("dense_1")]
    trunk = keras.Model(network.input, network.get_layer("block5_conv3").output)
    kernel, bias = network.get_layer("dense_1").get_weights()
    with tf.GradientTape() as tape:
        maps = trunk(tensor[np.newaxis], training=False)
        tape.watch(maps)
        x = maps
        for layer in after:
            x = layer(x, training=False)
        logit = x @ kernel + bias
    gradient = tape.gradient(logit, maps)
    alpha = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(alpha * maps, axis=-1))[0].numpy()


@pytest.mark.parametrize("width", list(WIDTHS))
def test_the_closed_form_agrees_at_any_width(width):
    weights = random_weights(WIDTHS[width])
    tensor = crop_square_area(draw_phantom(seed=1, size=256)).tensor
    maps, hidden = build_trunk(weights, decoder=None)(tensor[np.newaxis], training=False)
    peaks = []
    # Where a random network sees nothing that speaks for a tumor, its opposite does.
    for sign in (1.0, -1.0):
        turned = {**weights, "dense_1/kernel": np.float32(sign) * weights["dense_1/kernel"]}

        cam = GradCam.from_weights(turned)(maps=maps.numpy(), hidden=hidden.numpy())[0]

        reference = by_gradient_tape(build_network(turned), tensor)
        peaks.append(reference.max())
        np.testing.assert_allclose(cam, reference, atol=1e-4 * max(1e-3, peaks[-1]), rtol=1e-3)
    assert max(peaks) > 0.0


@pytest.mark.parametrize("width", list(WIDTHS))
def test_it_is_exact_where_the_classifier_reads_the_decoder(width):
    """Against automatic differentiation of the whole logit, both of its parts."""
    import tensorflow as tf

    weights, decoder = random_weights(WIDTHS[width]), random_decoder(WIDTHS[width])
    trunk = build_trunk(weights, decoder=decoder, with_shares=True)
    tensor = crop_square_area(draw_phantom(seed=1, size=256)).tensor
    with tf.GradientTape(persistent=True) as tape:
        maps, hidden, lesion, shares = trunk(tensor[np.newaxis], training=False)
        evidence = tf.math.reduce_logsumexp(lesion) - np.log(56.0 * 56.0)
        logit = 0.8 * evidence + (hidden @ weights["dense_1/kernel"])[0, 0]
    for target, output_kernel, weight in (
        (logit, weights["dense_1/kernel"], 0.8),
        (evidence, 0.0 * weights["dense_1/kernel"], 1.0),
    ):
        found = GradCam.from_weights(
            {**weights, "dense_1/kernel": output_kernel},
            decoder=decoder,
            evidence=Evidence(weight=weight),
        )

        alpha = found.alpha(hidden=hidden.numpy(), shares=shares.numpy())[0]
        cam = found(maps=maps.numpy(), hidden=hidden.numpy(), shares=shares.numpy())[0]

        expected = tf.reduce_mean(tape.gradient(target, maps), axis=(1, 2))[0].numpy()
        np.testing.assert_allclose(alpha, expected, atol=1e-4 * np.abs(expected).max())
        reference = np.maximum(maps[0].numpy() @ expected, 0.0)
        np.testing.assert_allclose(cam, reference, atol=1e-4 * max(1e-3, reference.max()))
    alone = GradCam.from_weights(weights).alpha(hidden=hidden.numpy())
    assert np.abs(alone).max() < 20.0 * np.abs(expected).max()


def test_ties_in_max_pooling_do_not_change_the_map(weights):
    """Constant maps tie in every window; here any pixel of a window may take the gradient."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    levels = rng.random((7, 7, 512), dtype=np.float32)
    maps = levels.repeat(2, axis=0).repeat(2, axis=1)[np.newaxis]
    hidden = np.maximum(levels.reshape(1, -1) @ weights["dense/kernel"] + weights["dense/bias"], 0)

    cam = GradCam.from_weights(weights)(maps=maps, hidden=hidden)[0]

    watched = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        flat = tf.reshape(tf.nn.max_pool2d(watched, 2, 2, "VALID"), (1, -1))
        h = tf.nn.relu(flat @ weights["dense/kernel"] + weights["dense/bias"])
        logit = h @ weights["dense_1/kernel"]
    alpha = tape.gradient(logit, watched).numpy().mean(axis=(1, 2))[0]
    reference = np.maximum((maps[0] * alpha).sum(axis=-1), 0)
    np.testing.assert_allclose(cam, reference, atol=1e-4 * max(1.0, reference.max()), rtol=1e-3)
