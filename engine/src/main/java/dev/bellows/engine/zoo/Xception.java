package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Xception (F. Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR
 * 2017): residual blocks of separable convolutions, each with batch norm. The backbone gives the
 * image at 1/4, 1/8, 1/16 (layers {@code entry1} to {@code entry3}) and 1/32 of its size.
 */
public final class Xception {
  /** Channels of the entry flow's blocks, for 1/1. */
  private static final int[] ENTRY = {128, 256, 728};

  private Xception() {}

  /** The paper's network: 22,855,952 parameters for 3 channels and 1,000 classes. */
  public static NetworkSpec of(ImageTask task) {
    return of(task, 1, 8);
  }

  /**
   * The network with fewer channels and blocks.
   *
   * @param alpha factor on all channels, rounded
   * @param middle blocks of the middle flow; 8 in the paper
   */
  public static NetworkSpec of(ImageTask task, double alpha, int middle) {
    Model.Builder b = task.begin();
    backbone(b, alpha, middle);
    b.globalAveragePool();
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * Adds all but the classifier; the last layer, {@code exit}, has 2,048 {@code alpha} channels at
   * 1/32. Sizes that 32 does not divide are rounded up.
   */
  public static Model.Builder backbone(Model.Builder b, double alpha, int middle) {
    if (middle < 0) {
      throw new NetworkException("Xception: middle blocks must be 0 or more, got " + middle);
    }
    Blocks.convNorm(b, "stem1", Blocks.scaled(32, alpha), 3, 2, RELU);
    Blocks.convNorm(b, "stem2", Blocks.scaled(64, alpha), 3, 1, RELU);
    for (int i = 0; i < ENTRY.length; i++) {
      int filters = Blocks.scaled(ENTRY[i], alpha);
      String input = b.here();
      // The very first separable convolution reads the stem, which ends with its ReLU.
      separable(i == 0 ? b : b.activation(RELU), name(i) + ".conv1", filters, RELU);
      separable(b, name(i) + ".conv2", filters, LINEAR);
      halved(b, name(i), input, filters);
    }
    for (int i = 1; i <= middle; i++) {
      String input = b.here();
      for (int conv = 1; conv <= 3; conv++) {
        String name = "middle" + i + ".conv" + conv;
        separable(b.layer("activation", "kind", "relu"), name, Blocks.scaled(728, alpha), LINEAR);
      }
      b.add(input).as("middle" + i);
    }
    String input = b.here();
    separable(
        b.layer("activation", "kind", "relu"), "exit1.conv1", Blocks.scaled(728, alpha), RELU);
    separable(b, "exit1.conv2", Blocks.scaled(1024, alpha), LINEAR);
    halved(b, "exit1", input, Blocks.scaled(1024, alpha));
    separable(b, "exit2", Blocks.scaled(1536, alpha), RELU);
    separable(b, "exit3", Blocks.scaled(2048, alpha), LINEAR);
    return b.layer("activation", "kind", "relu").as("exit");
  }

  private static String name(int entry) {
    return "entry" + (entry + 1);
  }

  /** 3 x 3 depthwise and pointwise without biases, batch norm, activation. */
  private static void separable(Model.Builder b, String name, int filters, Activation activation) {
    b.layer("separable_conv2d", "filters", filters, "kernel", 3).as(name).with("bias", false);
    b.with("initializer", "he").batchNorm().as(name + ".norm");
    if (activation != LINEAR) {
      b.activation(activation);
    }
  }

  /** Ends a block: max pooling plus a 1 x 1 convolution of its input, both with stride 2. */
  private static void halved(Model.Builder b, String name, String input, int filters) {
    String branch =
        b.maxPool2d(3).with("stride", 2).with("padding", "zeros").with("zeros", 1).here();
    Blocks.conv(b, name + ".shortcut", filters, 1, 2, LINEAR).with("bias", false).from(input);
    b.batchNorm().as(name + ".shortcut.norm").add(branch).as(name);
  }
}
