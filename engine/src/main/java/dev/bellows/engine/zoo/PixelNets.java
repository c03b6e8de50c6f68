package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/** Networks that give a score per class for each pixel: labels are one per pixel. */
public final class PixelNets {
  /** Which connections a U-Net has beside the way down and up. */
  public enum Skips {
    /** None: what the bottom does not hold is lost. */
    NONE,
    /** The features of the same size on the way down, beside those on the way up. */
    LONG,
    /**
     * Also a sum around the second convolution of each pair (M. Drozdzal et al., "The importance of
     * skip connections in biomedical image segmentation", DLMIA 2016).
     */
    LONG_AND_SHORT
  }

  private PixelNets() {}

  /** {@link #uNet(ImageTask, int, int, boolean, Skips)} as in the paper, with long skips. */
  public static NetworkSpec uNet(ImageTask task, int depth, int filters, boolean padded) {
    return uNet(task, depth, filters, padded, Skips.LONG);
  }

  /**
   * U-Net (O. Ronneberger, P. Fischer, T. Brox, MICCAI 2015): {@code depth} halvings down with two
   * 3 x 3 convolutions at each size, and up again with the features of the same size beside.
   * Differs by He's initialisation without the dropout at the bottom.
   *
   * @param depth halvings; 4 in the paper
   * @param filters of the first convolutions, doubled by each halving; 64 in the paper
   * @param padded whether convolutions keep the size; else they lose their border, and skips are
   *     cropped, as in the paper: 572 x 572 gives 388 x 388
   * @param connections {@link Skips#LONG} in the paper; short ones need {@code padded}
   */
  public static NetworkSpec uNet(
      ImageTask task, int depth, int filters, boolean padded, Skips connections) {
    boolean around = connections == Skips.LONG_AND_SHORT;
    if (around && !padded) {
      throw new NetworkException(
          "U-Net: short skips need padded convolutions, which keep the size");
    }
    Model.Builder b = task.begin();
    int height = task.height();
    int width = task.width();
    int lost = padded ? 0 : 4;
    String[] skips = new String[depth];
    int[][] sizes = new int[depth][];
    for (int level = 0; level < depth; level++) {
      pair(b, "down" + level, filters << level, padded, around);
      height -= lost;
      width -= lost;
      if (height < 2 || width < 2 || height % 2 != 0 || width % 2 != 0) {
        throw new NetworkException(
            "U-Net: the image is "
                + height
                + " x "
                + width
                + " before halving "
                + (level + 1)
                + ", expected even sizes: take a multiple of "
                + (1 << depth)
                + (padded ? "" : ", or a size as 572 that stays even without borders"));
      }
      skips[level] = b.here();
      sizes[level] = new int[] {height, width};
      b.maxPool2d(2);
      height /= 2;
      width /= 2;
    }
    pair(b, "bottom", filters << depth, padded, around);
    height -= lost;
    width -= lost;
    for (int level = depth - 1; level >= 0; level--) {
      String name = "up" + level;
      b.layer("conv_transpose2d", "filters", filters << level, "kernel", 2, "stride", 2).as(name);
      b.with("padding", "valid").with("initializer", "he");
      height *= 2;
      width *= 2;
      if (connections != Skips.NONE) {
        String skip = crop(b, skips[level], sizes[level], height, width);
        b.layer("concat").from(skip, name);
      }
      pair(b, name, filters << level, padded, around);
      height -= lost;
      width -= lost;
    }
    return task.end(Blocks.conv(b, "scores", task.classes(), 1, 1, LINEAR));
  }

  private static void pair(
      Model.Builder b, String name, int filters, boolean padded, boolean around) {
    for (int i = 1; i <= 2; i++) {
      b.conv2d(filters, 3).as(name + ".conv" + i).with("padding", padded ? "same" : "valid");
      if (around && i == 2) {
        b.with("initializer", "he").add(name + ".conv1").activation(RELU);
      } else {
        b.relu();
      }
    }
  }

  /** The middle of a skip; the skip itself when it has the size already. */
  private static String crop(Model.Builder b, String skip, int[] size, int height, int width) {
    if (size[0] == height && size[1] == width) {
      return skip;
    }
    int top = (size[0] - height) / 2;
    int left = (size[1] - width) / 2;
    b.layer("slice", "axis", 0, "from", top, "to", top + height).from(skip);
    return b.layer("slice", "axis", 1, "from", left, "to", left + width).here();
  }

  /**
   * A fully convolutional network with skips, FCN-8s in form (J. Long, E. Shelhamer, T. Darrell,
   * CVPR 2015): scores at 1/8 of the size, doubled and added to the scores at 1/4 and 1/2, doubled
   * to full size by trained transposed convolutions. Differs: three stages of two convolutions with
   * batch norm stand for VGG-16's five, so that the skips are finer than the paper's; upsampling
   * starts random, not bilinear.
   *
   * @param filters of the first stage; twice and four times as many in the others
   */
  public static NetworkSpec fcn(ImageTask task, int filters) {
    if (task.height() % 8 != 0 || task.width() % 8 != 0) {
      throw new NetworkException(
          "FCN: expected a height and width that 8 divides, got "
              + task.height()
              + " x "
              + task.width());
    }
    Model.Builder b = task.begin();
    String[] stages = new String[3];
    for (int stage = 0; stage < 3; stage++) {
      for (int i = 1; i <= 2; i++) {
        Blocks.convNorm(b, "conv" + (stage + 1) + "_" + i, filters << stage, 3, 1, RELU);
      }
      stages[stage] = b.maxPool2d(2).here();
    }
    Blocks.conv(b, "score3", task.classes(), 1, 1, LINEAR);
    for (int stage = 1; stage >= 0; stage--) {
      String coarse = doubled(b, "double" + (stage + 2), task.classes());
      Blocks.conv(b, "score" + (stage + 1), task.classes(), 1, 1, LINEAR).from(stages[stage]);
      b.add(coarse);
    }
    doubled(b, "scores", task.classes());
    return task.end(b);
  }

  /** A 4 x 4 transposed convolution of stride 2 with one zero outside: twice the size. */
  private static String doubled(Model.Builder b, String name, int filters) {
    b.layer("conv_transpose2d", "filters", filters, "kernel", 4, "stride", 2).as(name);
    return b.with("padding", "zeros").with("zeros", 1).here();
  }
}
