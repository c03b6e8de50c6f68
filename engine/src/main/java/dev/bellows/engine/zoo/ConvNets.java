package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.Map;

/** Plain convolutional classifiers: convolutions, pools, dense layers, one after another. */
public final class ConvNets {
  private ConvNets() {}

  /**
   * LeNet-5 (Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE
   * 1998): 61,706 parameters for 28 x 28 x 1 and 10 classes. Differs from the paper as common
   * today: ReLU for scaled tanh, max pooling for trained means, every map of the second convolution
   * reads all six of the first, and softmax for radial basis functions. 28 x 28 images get two
   * zeros on each side instead of being pasted into 32 x 32.
   */
  public static NetworkSpec lenet5(ImageTask task) {
    Model.Builder b = task.begin();
    Blocks.conv(b, "conv1", 6, 5, 1, RELU).maxPool2d(2);
    b.conv2d(16, 5).as("conv2").with("padding", "valid").relu().maxPool2d(2).flatten();
    Blocks.dense(b, "dense1", 120, RELU);
    Blocks.dense(b, "dense2", 84, RELU);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * Input, [[convolution, ReLU] x n, pool] x m, [dense, ReLU] x k, dense: the pattern of the CS231n
   * notes (A. Karpathy, Stanford, 2016). 3 x 3 kernels; {@code filters} double after each pool.
   *
   * @param convolutions n
   * @param pools m
   * @param dense k
   * @param filters of the first convolution
   * @param units of each dense layer but the last
   */
  public static NetworkSpec pattern(
      ImageTask task, int convolutions, int pools, int dense, int filters, int units) {
    Model.Builder b = task.begin();
    int width = filters;
    for (int pool = 1; pool <= pools; pool++) {
      for (int i = 1; i <= convolutions; i++) {
        Blocks.conv(b, "conv" + pool + "_" + i, width, 3, 1, RELU);
      }
      b.maxPool2d(2);
      width *= 2;
    }
    b.flatten();
    for (int i = 1; i <= dense; i++) {
      Blocks.dense(b, "dense" + i, units, RELU);
    }
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * AlexNet (A. Krizhevsky, I. Sutskever, G. Hinton, NIPS 2012) for 227 x 227 x 3: 62,378,344
   * parameters for 1,000 classes. Ungrouped: the paper halves three convolutions to fit two cards.
   */
  public static NetworkSpec alexNet(ImageTask task) {
    Model.Builder b = task.begin();
    b.conv2d(96, 11).as("conv1").with("stride", 4).with("padding", "valid").relu();
    Blocks.halve(b.layer("lrn"), 3, "valid");
    Blocks.conv(b, "conv2", 256, 5, 1, RELU);
    Blocks.halve(b.layer("lrn"), 3, "valid");
    Blocks.conv(b, "conv3", 384, 3, 1, RELU);
    Blocks.conv(b, "conv4", 384, 3, 1, RELU);
    Blocks.halve(Blocks.conv(b, "conv5", 256, 3, 1, RELU), 3, "valid");
    Blocks.dense(b.flatten(), "dense1", 4096, RELU).dropout(0.5);
    Blocks.dense(b, "dense2", 4096, RELU).dropout(0.5);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * AlexNet for small images, 32 x 32 and about: its five convolutions, three overlapping pools,
   * LRN and two dropouts, with a quarter of the filters, 256 dense units and a first convolution of
   * 5 x 5 without stride.
   */
  public static NetworkSpec alexNetSmall(ImageTask task) {
    Model.Builder b = task.begin();
    Blocks.halve(Blocks.conv(b, "conv1", 24, 5, 1, RELU).layer("lrn"), 3, "same");
    Blocks.halve(Blocks.conv(b, "conv2", 64, 5, 1, RELU).layer("lrn"), 3, "same");
    Blocks.conv(b, "conv3", 96, 3, 1, RELU);
    Blocks.conv(b, "conv4", 96, 3, 1, RELU);
    Blocks.halve(Blocks.conv(b, "conv5", 64, 3, 1, RELU), 3, "same");
    Blocks.dense(b.flatten(), "dense1", 256, RELU).dropout(0.5);
    Blocks.dense(b, "dense2", 256, RELU).dropout(0.5);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * VGG-16 (K. Simonyan, A. Zisserman, ICLR 2015, configuration D): 138,357,544 parameters for 224
   * x 224 x 3 and 1,000 classes.
   */
  public static NetworkSpec vgg16(ImageTask task) {
    Model.Builder b = task.begin();
    int[] depth = {2, 2, 3, 3, 3};
    for (int stage = 0; stage < depth.length; stage++) {
      for (int i = 1; i <= depth[stage]; i++) {
        Blocks.conv(b, name(stage, i), Math.min(512, 64 << stage), 3, 1, RELU);
      }
      b.maxPool2d(2);
    }
    Blocks.dense(b.flatten(), "dense1", 4096, RELU).dropout(0.5);
    Blocks.dense(b, "dense2", 4096, RELU).dropout(0.5);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * VGG for small images: {@code stages} of two 3 x 3 convolutions and a pool, filters from {@code
   * filters} doubling, and one dense layer of 128. With batch norm after each convolution, which
   * appeared after the paper.
   */
  public static NetworkSpec vggSmall(ImageTask task, int stages, int filters) {
    Model.Builder b = task.begin();
    for (int stage = 0; stage < stages; stage++) {
      for (int i = 1; i <= 2; i++) {
        Blocks.convNorm(b, name(stage, i), filters << stage, 3, 1, RELU);
      }
      b.maxPool2d(2);
    }
    Blocks.dense(b.flatten(), "dense1", 128, RELU).dropout(0.5);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * One trunk of two convolutions and a dense layer that several outputs share (R. Caruana,
   * "Multitask learning", Machine Learning 1997). A row has one label per output, the main one
   * first.
   *
   * @param task its classes are those of the main output
   * @param heads classes of each further output, by name, in the order of the labels
   * @param filters of the first convolution
   */
  public static NetworkSpec multiOutput(ImageTask task, Map<String, Integer> heads, int filters) {
    Model.Builder b = task.begin();
    for (int i = 1; i <= 2; i++) {
      Blocks.convNorm(b, "conv" + i, filters * i, 3, 1, RELU).maxPool2d(2);
    }
    Blocks.dense(b.flatten(), "trunk", 64, RELU);
    heads.forEach((name, classes) -> Blocks.dense(b, name, classes, LINEAR).from("trunk"));
    Blocks.dense(b, "scores", task.classes(), LINEAR).from("trunk");
    LossSpec loss = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);
    heads.keySet().forEach(name -> b.head(name, name, loss));
    return task.end(b);
  }

  private static String name(int stage, int i) {
    return "conv" + (stage + 1) + "_" + i;
  }
}
