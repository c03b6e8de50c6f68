package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.List;

/**
 * Networks that give their input back through a narrow layer named {@code code} (G. Hinton, R.
 * Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 2006; without
 * its layer-wise pre-training). Loss: mean squared error to the input; no labels or targets.
 */
public final class Autoencoders {
  private Autoencoders() {}

  /**
   * Dense layers down to the code and, mirrored, up again.
   *
   * @param features numbers of a row
   * @param hidden widths between the input and the code, wide first; may be empty
   * @param code values of the code, a linear layer
   */
  public static NetworkSpec dense(
      int features, List<Integer> hidden, int code, Activation activation) {
    Model.Builder b = Model.builder().input(features);
    for (int i = 0; i < hidden.size(); i++) {
      Blocks.dense(b, "encode" + i, hidden.get(i), activation);
    }
    Blocks.dense(b, "code", code, LINEAR);
    for (int i = hidden.size() - 1; i >= 0; i--) {
      Blocks.dense(b, "decode" + i, hidden.get(i), activation);
    }
    Blocks.dense(b, "output", features, LINEAR);
    return b.loss(LossSpec.of(LossKind.MSE).with("target", "input")).build();
  }

  /**
   * A variational autoencoder of yes/no values (D. Kingma, M. Welling, "Auto-encoding variational
   * Bayes", ICLR 2014): layer {@code posterior} gives means and log-variances of the code, layer
   * {@code code} draws it. The loss of a row is the negative evidence lower bound in nats: the
   * cross-entropies of all values plus {@code beta} times the divergence of the posterior from the
   * standard normal distribution, head {@code divergence}. Evaluated, the code is its mean: the
   * first part then is no bound.
   *
   * @param features values of a row in [0, 1]
   * @param hidden widths between the input and the code, wide first
   * @param beta 1 for the bound; larger for codes closer to the prior (I. Higgins et al., 2017)
   */
  public static NetworkSpec variational(
      int features, List<Integer> hidden, int code, Activation activation, double beta) {
    Model.Builder b = Model.builder().input(features);
    for (int i = 0; i < hidden.size(); i++) {
      Blocks.dense(b, "encode" + i, hidden.get(i), activation);
    }
    Blocks.dense(b, "posterior", 2 * code, LINEAR);
    b.layer("sampling").as("code");
    for (int i = hidden.size() - 1; i >= 0; i--) {
      Blocks.dense(b, "decode" + i, hidden.get(i), activation);
    }
    Blocks.dense(b, "output", features, LINEAR);
    LossSpec divergence = LossSpec.of(LossKind.GAUSSIAN_KULLBACK_LEIBLER, "weight", beta);
    return b.head("divergence", "posterior", divergence)
        // The loss is a mean over values, the bound a sum.
        .loss(LossKind.SIGMOID_CROSS_ENTROPY, "target", "input", "weight", features)
        .build();
  }

  /** One layer down and its transpose up: the decoder's weight is the encoder's. */
  public static NetworkSpec tied(int features, int code, Activation activation) {
    Model.Builder b = Model.builder().input(features);
    Blocks.dense(b, "code", code, activation);
    Blocks.dense(b, "output", features, LINEAR).with("weights_of", "code");
    return b.loss(LossSpec.of(LossKind.MSE).with("target", "input")).build();
  }
}
