package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.EarlyStopping;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Catalogue rows whose acceptance is a trained network, through the whole engine: network, plan,
 * kernels, update rule. Holdout of DG: every fifth row within its class by hashed rank.
 */
final class CatalogueTrainingTest {
  private static final LossSpec SOFTMAX = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);

  private static NetworkSpec mlp(Activation activation) {
    return new NetworkSpec(
        InputSpec.numeric(64),
        List.of(LayerSpec.dense(64, activation), LayerSpec.dense(10, Activation.LINEAR)),
        SOFTMAX,
        10);
  }

  private static Split digits() {
    return CatalogueData.fold(CatalogueData.digits(), 0, false);
  }

  private record Outcome(double accuracy, double trainLoss, double testLoss) {}

  private static Outcome train(NetworkSpec spec, OptimizerSpec optimizer, int epochs) {
    Split data = digits();
    try (LocalTrainer trainer = new LocalTrainer(spec, optimizer, 32, 1)) {
      trainer.epochs(data.train(), epochs);
      assertThat(trainer.diverged).isFalse();
      double[] test = trainer.evaluate(data.test());
      return new Outcome(test[1], trainer.evaluate(data.train())[0], test[0]);
    }
  }

  @ParameterizedTest(name = "{0} {1} rate {2}: accuracy {3} or more after 30 epochs")
  @CsvSource({
    "TRN-10,SGD,0.1,0.95",
    "TRN-11,MOMENTUM,0.05,0.96",
    "TRN-12,RMSPROP,0.001,0.955",
    "TRN-13,ADAM,0.001,0.96",
    "TRN-14,ADADELTA,1.0,0.95"
  })
  @DisplayName("TRN-10 to TRN-14 update rules on the DG MLP")
  void trn10To14Rules(String id, Kind kind, double rate, double accuracy) {
    Outcome outcome = train(mlp(Activation.RELU), OptimizerSpec.of(kind, rate), 30);
    assertThat(outcome.accuracy()).as(id).isGreaterThanOrEqualTo(accuracy);
    if (kind == Kind.MOMENTUM) {
      assertThat(outcome.trainLoss())
          .isLessThan(
              train(mlp(Activation.RELU), OptimizerSpec.of(Kind.SGD, 0.05), 30).trainLoss());
    }
  }

  @ParameterizedTest(name = "{0} {1}: accuracy {2} or more after 30 epochs")
  @CsvSource({
    "ACT-01,SIGMOID,0.92",
    "ACT-02,TANH,0.95",
    "ACT-03,RELU,0.95",
    "ACT-04,LEAKY_RELU,0.95",
    "ACT-05,ELU,0.95",
    "ACT-07,SWISH,0.94",
    "ACT-09,MISH,0.94"
  })
  @DisplayName("ACT-01 to ACT-09 activations on the DG MLP")
  void act01To09Activations(String id, Activation activation, double accuracy) {
    Outcome outcome = train(mlp(activation), OptimizerSpec.of(Kind.SGD, 0.1), 30);
    assertThat(outcome.accuracy()).as(id).isGreaterThanOrEqualTo(accuracy);
  }

  @Test
  @DisplayName(
      "TRN-07 50 epochs on DG, about half its inputs exactly 0: no NaN and accuracy .95 or more")
  void trn07Kinks() {
    Split data = digits();
    int zeros = 0;
    for (float x : data.train().x()) {
      zeros += x == 0 ? 1 : 0;
    }
    assertThat((double) zeros / data.train().x().length).isBetween(0.4, 0.6);
    try (LocalTrainer trainer =
        new LocalTrainer(mlp(Activation.RELU), OptimizerSpec.of(Kind.SGD, 0.1), 32, 1)) {
      trainer.epochs(data.train(), 50);
      for (float w : trainer.weights) {
        assertThat(w).isFinite();
      }
      assertThat(trainer.accuracy(data.test())).isGreaterThanOrEqualTo(0.95);
    }
  }

  @Test
  @DisplayName(
      "TRN-15 rate sweep: U-shaped final loss; a rate that diverges is reported, never NaN weights")
  void trn15RateSweep() {
    double[] losses = new double[6];
    Split data = digits();
    for (int i = 0; i < losses.length; i++) {
      try (LocalTrainer trainer =
          new LocalTrainer(
              mlp(Activation.RELU), OptimizerSpec.of(Kind.SGD, Math.pow(10, i - 4)), 32, 1)) {
        trainer.epochs(data.train(), 10);
        losses[i] = trainer.diverged ? Double.POSITIVE_INFINITY : trainer.evaluate(data.train())[0];
      }
    }
    int best = 0;
    for (int i = 1; i < losses.length; i++) {
      best = losses[i] < losses[best] ? i : best;
    }
    for (int i = 1; i <= best; i++) {
      assertThat(losses[i]).isLessThan(losses[i - 1]);
    }
    assertThat(losses[5]).isGreaterThan(losses[best] + 0.5);
    NetworkSpec linear =
        new NetworkSpec(
            InputSpec.numeric(10),
            List.of(LayerSpec.dense(1, Activation.LINEAR)),
            LossSpec.of(LossKind.MSE),
            1);
    Samples raw = CatalogueData.diabetes();
    try (LocalTrainer trainer = new LocalTrainer(linear, OptimizerSpec.of(Kind.SGD, 10), 32, 1)) {
      trainer.epochs(raw, 3);
      assertThat(trainer.diverged).as("the loop is told by finite(), before the update").isTrue();
      for (float w : trainer.weights) {
        assertThat(w).isNotNaN();
      }
    }
  }

  @Test
  @DisplayName("TRN-24 a NaN in the rows is seen before the update: weights hold no NaN")
  void trn24NanGuard() {
    Samples data = digits().train();
    float[] poisoned = data.x().clone();
    poisoned[64 * 700 + 3] = Float.NaN;
    try (LocalTrainer trainer =
        new LocalTrainer(mlp(Activation.TANH), OptimizerSpec.of(Kind.ADAM, 0.001), 32, 1)) {
      double loss = trainer.epoch(new Samples(64, poisoned, data.labels(), 0, new float[0]));
      assertThat(loss).isNaN();
      assertThat(trainer.diverged).isTrue();
      for (float w : trainer.weights) {
        assertThat(w).isFinite();
      }
    }
  }

  @Test
  @DisplayName(
      "TRN-33 early stopping on BC 256-256: stops before the last epoch, restored loss = minimum of the history")
  void trn33EarlyStopping() {
    Split data = CatalogueData.fold(CatalogueData.breastCancer(), 0, true);
    List<LayerSpec> layers =
        List.of(
            LayerSpec.dense(256, Activation.RELU),
            LayerSpec.dense(256, Activation.RELU),
            LayerSpec.dense(1, Activation.LINEAR));
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(30), layers, LossSpec.of(LossKind.SIGMOID_CROSS_ENTROPY), 1);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.001), 32, 1)) {
      EarlyStopping stopping = EarlyStopping.start(false, 5, 0);
      float[] best = trainer.weights.clone();
      double least = Double.POSITIVE_INFINITY;
      int epoch = 0;
      while (epoch < 100 && !stopping.stop()) {
        trainer.epoch(data.train());
        double loss = trainer.evaluate(data.test())[0];
        least = Math.min(least, loss);
        if (stopping.improves(loss)) {
          best = trainer.weights.clone();
        }
        stopping = stopping.observe(epoch++, loss);
      }
      assertThat(epoch).isLessThan(100);
      System.arraycopy(best, 0, trainer.weights, 0, best.length);
      assertThat(trainer.evaluate(data.test())[0]).isCloseTo(least, within(1e-9));
    }
  }

  @Test
  @DisplayName("LOS-02 BC logistic regression, 5-fold log loss .10 or less")
  void los02LogisticRegression() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(30),
            List.of(LayerSpec.dense(1, Activation.LINEAR)),
            LossSpec.of(LossKind.SIGMOID_CROSS_ENTROPY),
            1);
    double loss = 0;
    for (int fold = 0; fold < 5; fold++) {
      Split data = CatalogueData.fold(CatalogueData.breastCancer(), fold, true);
      // LR of the catalogue: C = 1 is a penalty of 1/n on half the squared sum.
      try (LocalTrainer trainer =
          new LocalTrainer(
              spec,
              OptimizerSpec.of(Kind.ADAM, 0.02),
              ScheduleSpec.constant(),
              1.0 / data.train().rows(),
              455,
              1)) {
        trainer.epochs(data.train(), 400);
        loss += trainer.evaluate(data.test())[0] / 5;
      }
    }
    assertThat(loss).isLessThanOrEqualTo(0.10);
  }

  @Test
  @DisplayName("LOS-03 DG softmax regression: test log loss .20 or less")
  void los03SoftmaxRegression() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(64), List.of(LayerSpec.dense(10, Activation.LINEAR)), SOFTMAX, 10);
    Outcome outcome = train(spec, OptimizerSpec.of(Kind.ADAM, 0.005), 30);
    assertThat(outcome.testLoss()).isLessThanOrEqualTo(0.20);
  }

  @Test
  @DisplayName("LOS-04 DG with digit, odd/even and >= 5 at once: micro-F1 .97 or more")
  void los04MultiLabel() {
    Samples digits = CatalogueData.digits();
    float[] target = new float[digits.rows() * 12];
    for (int row = 0; row < digits.rows(); row++) {
      int label = digits.labels()[row];
      target[row * 12 + label] = 1;
      target[row * 12 + 10] = label % 2;
      target[row * 12 + 11] = label >= 5 ? 1 : 0;
    }
    Split data =
        CatalogueData.fold(new Samples(64, digits.x(), digits.labels(), 12, target), 0, false);
    List<LayerSpec> layers =
        List.of(LayerSpec.dense(128, Activation.RELU), LayerSpec.dense(12, Activation.LINEAR));
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(64), layers, LossSpec.of(LossKind.SIGMOID_CROSS_ENTROPY), 12);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.003), 32, 1)) {
      trainer.epochs(data.train(), 40);
      float[] scores = trainer.outputs(data.test(), 12);
      int both = 0;
      int either = 0;
      for (int i = 0; i < scores.length; i++) {
        boolean yes = data.test().target()[i] > 0.5;
        both += scores[i] > 0 && yes ? 2 : 0;
        either += (scores[i] > 0 ? 1 : 0) + (yes ? 1 : 0);
      }
      assertThat((double) both / either).isGreaterThanOrEqualTo(0.97);
    }
  }

  @Test
  @DisplayName(
      "LOS-06 DB least squares, 5-fold MSE about 3000; ACT-13 linear net = OLS, R2 .5177 on all rows")
  void los06Act13LeastSquares() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(10),
            List.of(LayerSpec.dense(1, Activation.LINEAR)),
            LossSpec.of(LossKind.MSE),
            1);
    double mse = 0;
    for (int fold = 0; fold < 5; fold++) {
      Split data = CatalogueData.fold(CatalogueData.diabetes(), fold, true);
      mse += fit(spec, data.train(), data.test()) / 5;
    }
    assertThat(mse).isBetween(2850.0, 3150.0);
    Samples raw = CatalogueData.diabetes();
    Samples all = CatalogueData.scale(raw, raw).train();
    double mean = 0;
    for (float y : all.target()) {
      mean += y / (double) all.rows();
    }
    double variance = 0;
    for (float y : all.target()) {
      variance += (y - mean) * (y - mean) / all.rows();
    }
    double r2 = 1 - fit(spec, all, all) / variance;
    assertThat(r2).isCloseTo(0.5177, within(1e-3));
  }

  /** Full-batch gradient descent with momentum; the test rows' mean loss. */
  private static double fit(NetworkSpec spec, Samples train, Samples test) {
    try (LocalTrainer trainer =
        new LocalTrainer(spec, OptimizerSpec.of(Kind.MOMENTUM, 0.02), train.rows(), 1)) {
      return trainer.epochs(train, 1500).evaluate(test)[0];
    }
  }

  @Test
  @DisplayName("LOS-07 a constant predictor on DB: L1 gives the median 140.5, L2 the mean 152.133")
  void los07ConstantPredictor() {
    float[] target = CatalogueData.diabetes().target();
    Samples constant = new Samples(1, new float[target.length], new int[0], 1, target);
    for (LossKind kind : List.of(LossKind.MAE, LossKind.MSE)) {
      NetworkSpec spec =
          new NetworkSpec(
              InputSpec.numeric(1),
              List.of(LayerSpec.dense(1, Activation.LINEAR)),
              LossSpec.of(kind),
              1);
      OptimizerSpec optimizer = OptimizerSpec.of(Kind.SGD, kind == LossKind.MAE ? 20 : 0.25);
      // A subgradient step of falling size: the last ones are 20 / 151 times a slope of at most 1.
      try (LocalTrainer trainer =
          new LocalTrainer(
              spec,
              optimizer,
              ScheduleSpec.time(kind == LossKind.MAE ? 0.05 : 0, false),
              0,
              target.length,
              1)) {
        trainer.epochs(constant, kind == LossKind.MAE ? 3000 : 100);
        float value = trainer.outputs(constant, 1)[0];
        if (kind == LossKind.MAE) {
          // 442 rows: every point between the two middle values (140 and 141) is a median.
          assertThat(value).isCloseTo(140.5f, within(0.51f));
        } else {
          assertThat(value).isCloseTo(152.133f, within(0.001f));
        }
      }
    }
  }

  @Test
  @DisplayName("LOS-08 BC linear hinge + L2: 5-fold accuracy .96 or more")
  void los08LinearHinge() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(30),
            List.of(LayerSpec.dense(1, Activation.LINEAR)),
            LossSpec.of(LossKind.HINGE),
            1);
    double accuracy = 0;
    for (int fold = 0; fold < 5; fold++) {
      Split data = CatalogueData.fold(CatalogueData.breastCancer(), fold, true);
      try (LocalTrainer trainer =
          new LocalTrainer(
              spec,
              OptimizerSpec.of(Kind.SGD, 0.1),
              ScheduleSpec.time(0.01, false),
              0.01,
              455,
              1)) {
        accuracy += trainer.epochs(data.train(), 500).accuracy(data.test()) / 5;
      }
    }
    assertThat(accuracy).isGreaterThanOrEqualTo(0.96);
  }
}
