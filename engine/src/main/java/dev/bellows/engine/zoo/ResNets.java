package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.Arrays;

/**
 * Residual networks (K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image
 * recognition", CVPR 2016). Shortcuts are the identity, or a 1 x 1 convolution with batch norm
 * where the shape changes (the paper's option B). In bottlenecks the stride is on the 3 x 3
 * convolution, as PyTorch has it, not on the first 1 x 1.
 */
public final class ResNets {
  /** What a block computes beside its shortcut. */
  public enum Block {
    /** Two 3 x 3 convolutions. */
    BASIC(1),
    /** 1 x 1 to a quarter, 3 x 3, 1 x 1 back. */
    BOTTLENECK(4);

    private final int expansion;

    Block(int expansion) {
      this.expansion = expansion;
    }
  }

  /** How the last batch norm of each block starts. */
  public enum Start {
    /** Scale 1. */
    PLAIN,
    /**
     * Scale 0: each block starts as its shortcut (P. Goyal et al., "Accurate, large minibatch SGD",
     * 2017).
     */
    ZERO
  }

  /** What stands beside a block. */
  public enum Shortcut {
    /** The input; where the shape changes a 1 x 1 convolution with batch norm: option B. */
    PROJECTION,
    /** The input; where the shape changes every second pixel and channels of zeros: option A. */
    ZEROS,
    /** Nothing: the same layers one after another. */
    NONE
  }

  /** What the blocks are made of. */
  private record Form(Block kind, Start start, Shortcut shortcut) {}

  private ResNets() {}

  /**
   * The paper's network for small images: three stages of {@code blocks} blocks with 16, 32 and 64
   * channels (times 4 for bottlenecks). ResNet-20 is {@code blocks} 3 with basic blocks: 272,474
   * parameters for 32 x 32 x 3 and 10 classes.
   */
  public static NetworkSpec small(ImageTask task, int blocks, Block kind, Start start) {
    return stages(task, new int[] {blocks, blocks, blocks}, 16, kind, start);
  }

  /** The same with a choice of what stands beside the blocks. */
  public static NetworkSpec small(
      ImageTask task, int blocks, Block kind, Start start, Shortcut shortcut) {
    return stages(task, new int[] {blocks, blocks, blocks}, 16, new Form(kind, start, shortcut));
  }

  /**
   * The same with a number of blocks for each stage: a stage halves the image and doubles the
   * channels of the one before.
   *
   * @param blocks of each stage, 1 or more
   * @param channels of the stem and of the first stage's 3 x 3 convolutions
   */
  public static NetworkSpec stages(
      ImageTask task, int[] blocks, int channels, Block kind, Start start) {
    return stages(task, blocks, channels, new Form(kind, start, Shortcut.PROJECTION));
  }

  /**
   * The layers of {@link #small} with basic blocks, without shortcuts: the plain network of the
   * paper's comparison, 6 {@code blocks} + 2 layers deep.
   */
  public static NetworkSpec plain(ImageTask task, int blocks) {
    int[] stages = {blocks, blocks, blocks};
    return stages(task, stages, 16, new Form(Block.BASIC, Start.PLAIN, Shortcut.NONE));
  }

  private static NetworkSpec stages(ImageTask task, int[] blocks, int channels, Form form) {
    if (channels < 1 || Arrays.stream(blocks).anyMatch(count -> count < 1)) {
      throw new NetworkException(
          "ResNet: each stage needs a block and a channel or more, got "
              + Arrays.toString(blocks)
              + " blocks and "
              + channels
              + " channels");
    }
    Model.Builder b = task.begin();
    Blocks.convNorm(b, "stem", channels, 3, 1, RELU);
    int input = channels;
    for (int stage = 0; stage < blocks.length; stage++) {
      int stride = stage == 0 ? 1 : 2;
      input = stage(b, stage, blocks[stage], channels << stage, input, stride, form);
    }
    return scores(b, task);
  }

  private static NetworkSpec scores(Model.Builder b, ImageTask task) {
    b.globalAveragePool();
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /** ResNet-20 with basic blocks. */
  public static NetworkSpec resNet20(ImageTask task) {
    return small(task, 3, Block.BASIC, Start.PLAIN);
  }

  /** ResNet-50 for images of 224 x 224 and about: 25,557,032 parameters for 1,000 classes. */
  public static NetworkSpec resNet50(ImageTask task) {
    Model.Builder b = task.begin();
    Blocks.convNorm(b, "stem", 64, 7, 2, RELU);
    b.maxPool2d(3).with("stride", 2).with("padding", "zeros").with("zeros", 1);
    int[] depth = {3, 4, 6, 3};
    Form form = new Form(Block.BOTTLENECK, Start.PLAIN, Shortcut.PROJECTION);
    int channels = 64;
    for (int stage = 0; stage < depth.length; stage++) {
      channels = stage(b, stage, depth[stage], 64 << stage, channels, stage == 0 ? 1 : 2, form);
    }
    return scores(b, task);
  }

  /** Blocks of one size; the channels of the last. */
  private static int stage(
      Model.Builder b, int stage, int blocks, int width, int channels, int stride, Form form) {
    int output = width * form.kind().expansion;
    for (int i = 0; i < blocks; i++) {
      String name = "stage" + (stage + 1) + ".block" + (i + 1);
      int step = i == 0 ? stride : 1;
      block(b, name, width, i == 0 ? channels : output, step, form);
    }
    return output;
  }

  private static void block(
      Model.Builder b, String name, int width, int channels, int stride, Form form) {
    int output = width * form.kind().expansion;
    String input = b.here();
    if (form.kind() == Block.BASIC) {
      Blocks.convNorm(b, name + ".conv1", width, 3, stride, RELU);
      Blocks.convNorm(b, name + ".conv2", output, 3, 1, LINEAR);
    } else {
      Blocks.convNorm(b, name + ".conv1", width, 1, 1, RELU);
      Blocks.convNorm(b, name + ".conv2", width, 3, stride, RELU);
      Blocks.convNorm(b, name + ".conv3", output, 1, 1, LINEAR);
    }
    if (form.start() == Start.ZERO) {
      b.with("scale_start", "zero");
    }
    boolean same = channels == output && stride == 1;
    if (form.shortcut() == Shortcut.NONE) {
      b.activation(RELU).as(name);
      return;
    }
    String branch = b.here();
    if (same) {
      b.add(input);
    } else if (form.shortcut() == Shortcut.ZEROS) {
      b.layer("pad_channels", "channels", output, "stride", stride);
      b.as(name + ".shortcut").from(input).add(branch);
    } else {
      Blocks.conv(b, name + ".shortcut", output, 1, stride, LINEAR).with("bias", false).from(input);
      b.batchNorm().as(name + ".shortcut.norm").add(branch);
    }
    b.activation(RELU).as(name);
  }
}
