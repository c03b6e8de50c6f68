package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.LocalTrainer.TokenRows;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.metric.Bleu;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.zoo.EncoderDecoders;
import dev.bellows.engine.zoo.EncoderDecoders.Attention;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows of sequences in and out: shapes, pictures, numbers as words, a monthly series. */
final class SequenceShapesCatalogueTest {
  private static final int STEPS = 5;
  private static final int TOKENS = 8;

  /** Rows of random tokens; the label at place t of a row that begins at {@code at} is a rule's. */
  private static TokenRows toy(int inputs, int labels, IntBinaryOperator rule) {
    int rows = 512;
    int[][] codes = new int[rows][inputs];
    int[][] wanted = new int[rows][labels];
    for (int row = 0; row < rows; row++) {
      for (int t = 0; t < inputs; t++) {
        codes[row][t] = (int) (Philox.uniform(31, (long) row * inputs + t) * TOKENS);
      }
      for (int t = 0; t < labels; t++) {
        wanted[row][t] = codes[row][rule.applyAsInt(t, 0)];
      }
    }
    return new TokenRows(codes, wanted);
  }

  private static double learnt(Model.Builder b, TokenRows rows, int outputs) {
    NetworkSpec spec = b.dense(TOKENS).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    assertThat(spec.scores()).isEqualTo(outputs * TOKENS);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.01), 32, 1)) {
      return trainer.epochs(rows.range(0, 384), 20).accuracy(rows.range(384, 512));
    }
  }

  private static Model.Builder read(int steps) {
    return Model.builder().tokens(steps, TOKENS).embedding(8).as("embedding");
  }

  @Test
  @DisplayName(
      "SEQ-01 one-to-one, one-to-many, many-to-one and many-to-many from the same LSTM cells: each learns its toy to .95 or more")
  void seq01Shapes() {
    Model.Builder one = read(1).layer("lstm", "units", 24, "return_sequences", false);
    assertThat(learnt(one, toy(1, 1, (t, k) -> 0), 1)).isGreaterThanOrEqualTo(0.95);
    // One to many: the token is where the cells start; their inputs are the same at each step.
    Model.Builder many = read(1).flatten().dense(48).as("state").from("embedding");
    many.dense(STEPS).from("state").reshape(STEPS, 1).as("clock");
    many.layer("lstm", "units", 24).from("clock");
    assertThat(learnt(many, toy(1, STEPS, (t, k) -> 0), STEPS)).isGreaterThanOrEqualTo(0.95);
    // Many to one: which token came first.
    Model.Builder last = read(STEPS).layer("lstm", "units", 24, "return_sequences", false);
    assertThat(learnt(last, toy(STEPS, 1, (t, k) -> 0), 1)).isGreaterThanOrEqualTo(0.95);
    // Many to many: the token one step before.
    Model.Builder each = read(STEPS).layer("lstm", "units", 24);
    assertThat(learnt(each, toy(STEPS, STEPS, (t, k) -> Math.max(0, t - 1)), STEPS))
        .isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("SEQ-12 soft attention over the pixels of digits: .7 or more of it lies on ink")
  void seq12SoftAttention() {
    Model.Builder b = Model.builder().input(8, 8, 1).conv2d(32, 3).relu().with("bias", false);
    b.reshape(64, 32).layer("positional_encoding", "kind", "learned");
    b.layer("tokenizer", "tokens", 4).as("looks").flatten().dense(64).relu().dense(10);
    NetworkSpec spec = b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    Split data = Digits.judging();
    Samples test = data.test();
    List<String> watched = List.of("looks.shares");
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.AUTO);
    try (LocalTrainer trainer = new Recipe(0.003, 10, 0.01).train(spec, data.train(), 1);
        Predictor looking =
            new Predictor(spec, test.rows(), kernels, PlanOptions.DEFAULT, watched)) {
      assertThat(trainer.accuracy(test)).isGreaterThanOrEqualTo(0.9);
      looking.setParameters(trainer.weights);
      test.fill(looking.batch(), Samples.identity(test.rows()), 0, test.rows());
      looking.run();
      float[] shares = looking.activation("looks.shares"); // [N, 4, 64]
      double ink = 0;
      for (int i = 0; i < shares.length; i++) {
        ink += test.x()[i / 256 * 64 + i % 64] > 0 ? shares[i] : 0;
      }
      assertThat(ink / (4.0 * test.rows())).isGreaterThanOrEqualTo(0.7);
    }
  }

  private static final String[] SMALL =
      ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
              + " fifteen sixteen seventeen eighteen nineteen")
          .split(" ", -1);
  private static final String[] TENS =
      "twenty thirty forty fifty sixty seventy eighty ninety".split(" ", -1);

  /** Words as indices: 0 to 19, tens from 20 on, hundred 28, thousand 29. */
  private static List<Integer> words(int number) {
    List<Integer> words = new ArrayList<>();
    if (number >= 1000) {
      words.addAll(words(number / 1000));
      words.add(29);
    }
    if (number % 1000 >= 100) {
      words.add(number % 1000 / 100);
      words.add(28);
    }
    int rest = number % 100;
    if (rest >= 20) {
      words.add(18 + rest / 10);
      rest %= 10;
    }
    if (rest > 0 || words.isEmpty()) {
      words.add(rest);
    }
    return words;
  }

  private static String text(int word) {
    return word < 20
        ? SMALL[word]
        : word < 28 ? TENS[word - 20] : word == 28 ? "hundred" : "thousand";
  }

  /** Numbers below 10,000 in a mixed order: digits are tokens 1 to 10, words from 11 on. */
  private static TokenPairs numbers(int count) {
    int[] order = RowOrder.permutation(13, 0, 0, 10_000);
    List<int[]> sources = new ArrayList<>();
    List<int[]> targets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sources.add(String.valueOf(order[i]).chars().map(c -> c - '0' + 1).toArray());
      targets.add(words(order[i]).stream().mapToInt(word -> 11 + word).toArray());
    }
    return new TokenPairs(sources, targets, 42, 4, 8);
  }

  @Test
  @DisplayName("SEQ-21 numbers to words ('42' to 'forty two'), numbers held back: BLEU .95 or more")
  void seq21NumbersToWords() {
    assertThat(words(42).stream().map(SequenceShapesCatalogueTest::text))
        .containsExactly("forty", "two");
    TokenPairs all = numbers(3000);
    TokenPairs asked = all.range(2400, 3000);
    NetworkSpec spec = EncoderDecoders.recurrent(Cell.GRU, all.size(16, 64), Attention.DOT);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.005), 32, 1)) {
      trainer.epochs(all.range(0, 2400).rows(), 12);
      assertThat(bleu(asked, asked.decoded(spec, trainer.predictor())))
          .isGreaterThanOrEqualTo(0.95);
    }
  }

  private static double bleu(TokenPairs pairs, List<int[]> written) {
    Bleu bleu = new Bleu();
    for (int i = 0; i < pairs.size(); i++) {
      bleu.add(strings(written.get(i)), strings(pairs.targets().get(i)));
    }
    return bleu.value();
  }

  private static List<String> strings(int[] tokens) {
    return Arrays.stream(tokens).mapToObj(String::valueOf).toList();
  }

  /**
   * Rows [12] of the last differences of logarithms, times 10, and the next one.
   *
   * @param logs of all months
   */
  private static Samples months(double[] logs, int from, int to) {
    float[] x = new float[(to - from) * 12];
    float[] target = new float[to - from];
    for (int row = 0; row < target.length; row++) {
      int next = from + row;
      for (int t = 0; t < 12; t++) {
        x[row * 12 + t] = (float) (10 * (logs[next - 12 + t] - logs[next - 13 + t]));
      }
      target[row] = (float) (10 * (logs[next] - logs[next - 1]));
    }
    return new Samples(12, x, new int[0], 1, target);
  }

  @Test
  @DisplayName(
      "SEQ-23 airline passengers, last 48 months: one-step RMSE of a GRU below .6 of the last value's")
  void seq23MonthlySeries() {
    double[] passengers =
        RealData.csv("airline-passengers/airline-passengers.csv").stream()
            .mapToDouble(row -> Double.parseDouble(row[1]))
            .toArray();
    double[] logs = Arrays.stream(passengers).map(Math::log).toArray();
    int split = passengers.length - 48;
    Model.Builder b = Model.builder().input(12, 1);
    b.layer("gru", "units", 16, "return_sequences", false).dense(1);
    NetworkSpec spec = b.loss(LossKind.MSE).build();
    Samples asked = months(logs, split, passengers.length);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.01), 16, 1)) {
      float[] found = trainer.epochs(months(logs, 13, split), 100).outputs(asked, 1);
      double ours = 0;
      double last = 0;
      for (int i = 0; i < 48; i++) {
        double before = passengers[split + i - 1];
        ours += Math.pow(before * Math.exp(found[i] / 10) - passengers[split + i], 2);
        last += Math.pow(before - passengers[split + i], 2);
      }
      assertThat(Math.sqrt(ours / last)).isLessThan(0.6);
    }
  }
}
