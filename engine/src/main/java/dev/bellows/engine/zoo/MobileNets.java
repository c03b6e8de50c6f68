package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Networks of depthwise and pointwise convolutions. Both with ReLU where the second paper has ReLU6
 * (min(x, 6), meant for 8-bit numbers).
 */
public final class MobileNets {
  /** {pointwise filters, stride} of version 1. */
  private static final int[][] V1 = {
    {64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1}, {512, 1}, {512, 1},
    {512, 1}, {512, 1}, {1024, 2}, {1024, 1}
  };

  /** {expansion, filters, blocks, stride of the first} of version 2. */
  private static final int[][] V2 = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1}
  };

  private MobileNets() {}

  /**
   * Version 1 (A. Howard et al., arXiv 1704.04861, 2017): 4,231,976 parameters for alpha 1, 3
   * channels and 1,000 classes.
   *
   * @param alpha width multiplier: all filters times alpha, rounded
   * @param stemStride 2 as in the paper; 1 for images of about 32 x 32
   */
  public static NetworkSpec v1(ImageTask task, double alpha, int stemStride) {
    return v1(task, alpha, stemStride, V1.length);
  }

  /**
   * Version 1 cut after some of its 13 blocks, for images that the rest would make smaller than a
   * pixel.
   */
  public static NetworkSpec v1(ImageTask task, double alpha, int stemStride, int blocks) {
    if (blocks < 1 || blocks > V1.length) {
      throw new NetworkException("MobileNet has 1 to " + V1.length + " blocks, got " + blocks);
    }
    Model.Builder b = task.begin();
    Blocks.convNorm(b, "stem", Blocks.scaled(32, alpha), 3, stemStride, RELU);
    for (int i = 0; i < blocks; i++) {
      String name = "block" + (i + 1);
      Blocks.depthwiseNorm(b, name + ".depth", 3, V1[i][1], RELU);
      Blocks.convNorm(b, name + ".point", Blocks.scaled(V1[i][0], alpha), 1, 1, RELU);
    }
    b.globalAveragePool();
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * Version 2, inverted residuals (M. Sandler et al., CVPR 2018): 3,504,872 parameters for alpha 1,
   * 3 channels and 1,000 classes. A block widens to {@code expansion} times its channels, convolves
   * each, and projects without activation; its shortcut joins the narrow ends where stride is 1 and
   * channels are equal.
   *
   * @param alpha width multiplier; filters are rounded to a multiple of 8, at most a tenth down,
   *     and the last convolution keeps its 1,280 for alpha below 1
   * @param small images of about 32 x 32: stride 1 in the stem and the second stage
   */
  public static NetworkSpec v2(ImageTask task, double alpha, boolean small) {
    Model.Builder b = task.begin();
    int channels = eighths(32 * alpha);
    Blocks.convNorm(b, "stem", channels, 3, small ? 1 : 2, RELU);
    for (int stage = 0; stage < V2.length; stage++) {
      int[] row = V2[stage];
      int filters = eighths(row[1] * alpha);
      for (int i = 0; i < row[2]; i++) {
        int stride = i > 0 || (small && stage == 1) ? 1 : row[3];
        String name = "stage" + (stage + 1) + ".block" + (i + 1);
        inverted(b, name, row[0], channels, filters, stride);
        channels = filters;
      }
    }
    Blocks.convNorm(b, "last", eighths(1280 * Math.max(1, alpha)), 1, 1, RELU);
    b.globalAveragePool().dropout(0.2);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  private static void inverted(
      Model.Builder b, String name, int expansion, int channels, int filters, int stride) {
    String input = b.here();
    if (expansion != 1) {
      Blocks.convNorm(b, name + ".expand", expansion * channels, 1, 1, RELU);
    }
    Blocks.depthwiseNorm(b, name + ".depth", 3, stride, RELU);
    Blocks.convNorm(b, name + ".project", filters, 1, 1, LINEAR);
    if (stride == 1 && channels == filters) {
      b.add(input).as(name);
    }
  }

  /** The nearest multiple of 8, at least 8, not below nine tenths of {@code filters}. */
  private static int eighths(double filters) {
    if (!(filters > 0)) {
      throw new NetworkException(
          "alpha, the width multiplier, must be above 0 and make filters, got filters " + filters);
    }
    int rounded = Math.max(8, (int) (filters + 4) / 8 * 8);
    return rounded < 0.9 * filters ? rounded + 8 : rounded;
  }
}
