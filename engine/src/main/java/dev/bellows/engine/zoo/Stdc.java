package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Networks of short-term dense concatenate modules (M. Fan et al., "Rethinking BiSeNet for
 * real-time semantic segmentation", CVPR 2021): receptive fields from 1 x 1 to 7 x 7 side by side,
 * at the cost of the few channels that the later ones have.
 */
public final class Stdc {
  private Stdc() {}

  /**
   * Adds one module: four convolutions of {@code filters} / 2, / 4, / 8 and / 8 channels, each
   * reading the one before, side by side. The first is 1 x 1, the others 3 x 3; with stride 2 the
   * second halves, and the first goes through a 3 x 3 average pool of stride 2.
   *
   * @param name of the output, and prefix of its parts
   * @param filters channels of the output; 8 must divide them
   * @param stride 1 or 2
   */
  public static Model.Builder module(Model.Builder b, String name, int filters, int stride) {
    if (filters % 8 != 0 || stride < 1 || stride > 2) {
      throw new NetworkException(
          "STDC module: expected filters that 8 divides and a stride of 1 or 2, got "
              + filters
              + " and "
              + stride);
    }
    Blocks.convNorm(b, name + ".conv1", filters / 2, 1, 1, RELU);
    List<String> parts = new ArrayList<>(List.of(b.here()));
    for (int i = 2; i <= 4; i++) {
      int width = filters >> Math.min(i, 3);
      Blocks.convNorm(b, name + ".conv" + i, width, 3, i == 2 ? stride : 1, RELU);
      parts.add(b.here());
    }
    if (stride == 2) {
      b.averagePool2d(3).from(parts.get(0)).with("stride", 2);
      parts.set(0, b.with("padding", "zeros").with("zeros", 1).here());
    }
    return b.layer("concat").from(parts.toArray(String[]::new)).as(name);
  }

  /**
   * STDC1: two convolutions and three stages of two modules, to 1/32 of the image, a 1 x 1
   * convolution, a global mean and the scores. Differs from the paper: one dense layer behind the
   * mean, without the hidden one.
   *
   * @param alpha factor on the channels 32, 64, 256, 512, 1,024 and 1,024; a stage's are rounded to
   *     a multiple of 8
   */
  public static NetworkSpec stdc1(ImageTask task, double alpha) {
    Model.Builder b = task.begin();
    Blocks.convNorm(b, "stem1", Blocks.scaled(32, alpha), 3, 2, RELU);
    Blocks.convNorm(b, "stem2", Blocks.scaled(64, alpha), 3, 2, RELU);
    for (int stage = 3; stage <= 5; stage++) {
      int filters = 8 * Blocks.scaled(4 << stage, alpha);
      module(b, "stage" + stage + ".module1", filters, 2);
      module(b, "stage" + stage + ".module2", filters, 1);
    }
    Blocks.convNorm(b, "last", Blocks.scaled(1024, alpha), 1, 1, RELU).globalAveragePool();
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * A score per class for each pixel, from two stages of modules: each stage's features, refined by
   * what the whole image shows, are enlarged and joined with the finer ones before. Differs from
   * the paper: its detail head, which serves training only, is left out, and the finest features
   * are those at 1/2 of the image, not 1/8.
   *
   * @param task sizes that 8 divides
   * @param filters of the first convolution at 1/2; twice as many at 1/4, four times at 1/8
   */
  public static NetworkSpec segmenter(ImageTask task, int filters) {
    if (task.height() % 8 != 0 || task.width() % 8 != 0) {
      throw new NetworkException(
          "STDC segmenter: expected a height and width that 8 divides, got "
              + task.height()
              + " x "
              + task.width());
    }
    Model.Builder b = task.begin();
    Blocks.convNorm(b, "stem", filters, 3, 2, RELU);
    List<String> joined = new ArrayList<>(List.of(b.here()));
    List<String> stages = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      module(b, "stage" + i + ".module1", filters << (i + 1), 2);
      stages.add(module(b, "stage" + i + ".module2", filters << (i + 1), 1).here());
    }
    for (int i = 0; i < 2; i++) {
      int scale = 4 << i;
      String name = "stage" + i + ".refined";
      int height = task.height() / scale;
      Blocks.refine(b, name, stages.get(i), height, task.width() / scale, filters << (i + 1));
      joined.add(b.layer("upsample2d", "size", scale / 2, "mode", "bilinear").here());
    }
    b.layer("concat").from(joined.toArray(String[]::new));
    Blocks.convNorm(b, "fused", 2 * filters, 3, 1, RELU);
    Blocks.conv(b, "half", task.classes(), 1, 1, LINEAR);
    return task.end(b.layer("upsample2d", "size", 2, "mode", "bilinear").as("scores"));
  }
}
