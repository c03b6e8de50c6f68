package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Networks of Inception modules (C. Szegedy et al., "Going deeper with convolutions", CVPR 2015).
 *
 * <p>Auxiliary classifiers are heads of weight 0.3 on the truth of the main output, which does not
 * read them. Ours are a global mean, a dense layer of 64 and the scores, in place of pooling, a 1 x
 * 1 convolution, dropout and 1,024 units.
 */
public final class Inception {
  private static final double AUXILIARY_WEIGHT = 0.3;

  /**
   * Filters of the four branches: 1 x 1; 1 x 1 then 3 x 3; 1 x 1 then 5 x 5; pool then 1 x 1. The
   * output has {@code one + three + five + pool} channels.
   *
   * @param one of the 1 x 1 branch
   * @param threeReduce before the 3 x 3
   * @param three of the 3 x 3
   * @param fiveReduce before the 5 x 5
   * @param five of the 5 x 5
   * @param pool behind the pool
   */
  public record Module(int one, int threeReduce, int three, int fiveReduce, int five, int pool) {
    /** The form of the paper's first module (64, 96, 128, 16, 32, 32) for other widths. */
    static Module of(int unit) {
      return new Module(2 * unit, 3 * unit, 4 * unit, Math.max(1, unit / 2), unit, unit);
    }
  }

  /** GoogLeNet's modules; a pool stands before the third and the eighth. */
  private static final Module[] GOOGLENET = {
    new Module(64, 96, 128, 16, 32, 32),
    new Module(128, 128, 192, 32, 96, 64),
    new Module(192, 96, 208, 16, 48, 64),
    new Module(160, 112, 224, 24, 64, 64),
    new Module(128, 128, 256, 24, 64, 64),
    new Module(112, 144, 288, 32, 64, 64),
    new Module(256, 160, 320, 32, 128, 128),
    new Module(256, 160, 320, 32, 128, 128),
    new Module(384, 192, 384, 48, 128, 128)
  };

  private Inception() {}

  /** Adds one module behind the last layer; its output has the name {@code name}. */
  public static Model.Builder module(Model.Builder b, String name, Module m) {
    String input = b.here();
    List<String> branches = new ArrayList<>();
    branches.add(Blocks.conv(b, name + ".one", m.one(), 1, 1, RELU).from(input).here());
    Blocks.conv(b, name + ".three_reduce", m.threeReduce(), 1, 1, RELU).from(input);
    branches.add(Blocks.conv(b, name + ".three", m.three(), 3, 1, RELU).here());
    Blocks.conv(b, name + ".five_reduce", m.fiveReduce(), 1, 1, RELU).from(input);
    branches.add(Blocks.conv(b, name + ".five", m.five(), 5, 1, RELU).here());
    b.maxPool2d(3).with("stride", 1).with("padding", "same").from(input);
    branches.add(Blocks.conv(b, name + ".pool", m.pool(), 1, 1, RELU).here());
    return b.layer("concat").from(branches.toArray(String[]::new)).as(name);
  }

  /**
   * GoogLeNet for images of 224 x 224 x 3: 6,998,552 parameters for 1,000 classes. Without the
   * auxiliary classifiers.
   */
  public static NetworkSpec googLeNet(ImageTask task) {
    Model.Builder b = task.begin();
    Blocks.halve(Blocks.conv(b, "conv1", 64, 7, 2, RELU), 3, "same").layer("lrn");
    Blocks.conv(b, "conv2_reduce", 64, 1, 1, RELU);
    Blocks.halve(Blocks.conv(b, "conv2", 192, 3, 1, RELU).layer("lrn"), 3, "same");
    for (int i = 0; i < GOOGLENET.length; i++) {
      if (i == 2 || i == 7) {
        Blocks.halve(b, 3, "same");
      }
      module(b, "module" + (i + 1), GOOGLENET[i]);
    }
    b.globalAveragePool().dropout(0.4);
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /**
   * A stem of one convolution and {@code modules} modules, a pool after every second, for images of
   * about 32 x 32.
   *
   * @param unit filters of a module's 5 x 5 branch; a module gives 8 times as many
   * @param auxiliary whether each second module but the last has an auxiliary classifier
   */
  public static NetworkSpec small(ImageTask task, int modules, int unit, boolean auxiliary) {
    Model.Builder b = task.begin();
    Blocks.conv(b, "stem", 4 * unit, 3, 1, RELU).maxPool2d(2);
    List<String> auxiliaries = new ArrayList<>();
    for (int i = 1; i <= modules; i++) {
      module(b, "module" + i, Module.of(unit));
      if (i % 2 == 0 && i < modules) {
        if (auxiliary) {
          auxiliaries.add(auxiliary(b, "auxiliary" + i, task.classes()));
        }
        b.maxPool2d(2).from("module" + i);
      }
    }
    b.globalAveragePool();
    Blocks.dense(b, "scores", task.classes(), LINEAR);
    LossSpec loss = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);
    for (String name : auxiliaries) {
      LossSpec shared = loss.with("weight", AUXILIARY_WEIGHT).with("target", "main");
      b.head(name, name + ".scores", shared);
    }
    return task.end(b);
  }

  private static String auxiliary(Model.Builder b, String name, int classes) {
    Blocks.dense(b.globalAveragePool(), name + ".dense", 64, RELU);
    Blocks.dense(b, name + ".scores", classes, LINEAR);
    return name;
  }
}
