package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.LocalTrainer.TokenRows;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.zoo.SequenceNets;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Lines of the note corpus (SD), labelled with the file they come from: texts with a class. */
final class LineSourceCatalogueTest {
  private static final int WORDS = 24;
  private static final int VOCABULARY = 1500;
  private static final int CLASSES = 5;

  /** Words, numbers, and every other sign for itself. */
  private static final Pattern TOKEN = Pattern.compile("[a-z]+|[0-9]+|[^a-z0-9\\s]");

  /** Lines of 4 tokens or more as codes, 0 for words behind the most frequent ones of training. */
  private record Lines(TokenRows train, TokenRows test) {
    static Lines of(List<String> texts, int fold) {
      List<String[]> lines = new ArrayList<>();
      List<Integer> sources = new ArrayList<>();
      for (int source = 0; source < texts.size(); source++) {
        for (String line : texts.get(source).split("\n", -1)) {
          String[] words =
              TOKEN
                  .matcher(line.toLowerCase(Locale.ROOT))
                  .results()
                  .map(MatchResult::group)
                  .toArray(String[]::new);
          if (words.length >= 4) {
            lines.add(words);
            sources.add(source);
          }
        }
      }
      int[] order = RowOrder.permutation(17, 0, 0, lines.size());
      int from = fold * lines.size() / 5;
      int to = (fold + 1) * lines.size() / 5;
      Map<String, Integer> counts = new HashMap<>();
      for (int i = 0; i < order.length; i++) {
        for (String word : i < from || i >= to ? lines.get(order[i]) : new String[0]) {
          counts.merge(word, 1, Integer::sum);
        }
      }
      List<String> frequent = new ArrayList<>(counts.keySet());
      frequent.sort(Comparator.<String>comparingInt(counts::get).reversed().thenComparing(w -> w));
      Map<String, Integer> codes = new HashMap<>();
      for (int i = 0; i < Math.min(VOCABULARY - 1, frequent.size()); i++) {
        codes.put(frequent.get(i), i + 1);
      }
      List<int[]> rows = new ArrayList<>();
      List<int[]> labels = new ArrayList<>();
      for (int i : order) {
        int[] row = new int[WORDS + 1];
        row[WORDS] = Math.min(WORDS, lines.get(i).length);
        for (int t = 0; t < row[WORDS]; t++) {
          row[t] = codes.getOrDefault(lines.get(i)[t], 0);
        }
        rows.add(row);
        labels.add(new int[] {sources.get(i)});
      }
      TokenRows all = new TokenRows(rows.toArray(int[][]::new), labels.toArray(int[][]::new));
      TokenRows before = all.range(0, from);
      TokenRows behind = all.range(to, order.length);
      return new Lines(joined(before, behind), all.range(from, to));
    }

    private static TokenRows joined(TokenRows a, TokenRows b) {
      List<int[]> codes = new ArrayList<>(Arrays.asList(a.codes()));
      codes.addAll(Arrays.asList(b.codes()));
      List<int[]> labels = new ArrayList<>(Arrays.asList(a.labels()));
      labels.addAll(Arrays.asList(b.labels()));
      return new TokenRows(codes.toArray(int[][]::new), labels.toArray(int[][]::new));
    }
  }

  /** Multinomial naive Bayes on word counts with one added to each. */
  private static double naiveBayes(Lines lines) {
    double[][] counts = new double[CLASSES][VOCABULARY];
    double[] rows = new double[CLASSES];
    for (double[] row : counts) {
      Arrays.fill(row, 1);
    }
    for (int i = 0; i < lines.train().rows(); i++) {
      int label = lines.train().labels()[i][0];
      rows[label]++;
      for (int t = 0; t < lines.train().codes()[i][WORDS]; t++) {
        counts[label][lines.train().codes()[i][t]]++;
      }
    }
    int right = 0;
    for (int i = 0; i < lines.test().rows(); i++) {
      int best = 0;
      double most = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < CLASSES; k++) {
        double log = Math.log(rows[k]);
        double sum = Arrays.stream(counts[k]).sum();
        for (int t = 0; t < lines.test().codes()[i][WORDS]; t++) {
          log += Math.log(counts[k][lines.test().codes()[i][t]] / sum);
        }
        best = log > most ? k : best;
        most = Math.max(most, log);
      }
      right += best == lines.test().labels()[i][0] ? 1 : 0;
    }
    return (double) right / lines.test().rows();
  }

  /** {an LSTM's accuracy, that of naive Bayes} on the lines of a fold. */
  static double[] accuracies(int fold, int units, double rate, int epochs, double decay) {
    Lines lines = Lines.of(RealData.texts(TokenPairs.NOTES), fold);
    NetworkSpec spec = SequenceNets.classifier(Cell.LSTM, WORDS, VOCABULARY, 32, units, 1, CLASSES);
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAMW, rate).withWeightDecay(decay);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, 32, 1)) {
      double accuracy = trainer.epochs(lines.train(), epochs).accuracy(lines.test());
      return new double[] {accuracy, naiveBayes(lines)};
    }
  }

  /** The catalogue hopes for .8; the corpus has about 1,300 such lines. */
  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains four networks: set BELLOWS_LONG_TESTS=true")
  @DisplayName(
      "SEQ-22 which of five files a line comes from, mean of 4 folds: an LSTM is above naive Bayes, .70 or more")
  void seq22LinesOfFiles() {
    double ours = 0;
    double bayes = 0;
    for (int fold = 1; fold < 5; fold++) {
      double[] found = accuracies(fold, 64, 0.003, 5, 0.3);
      ours += found[0] / 4;
      bayes += found[1] / 4;
    }
    assertThat(ours).isGreaterThanOrEqualTo(0.70).isGreaterThanOrEqualTo(bayes);
  }
}
