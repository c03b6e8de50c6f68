package dev.bellows.engine;

import dev.bellows.engine.LocalTrainer.TokenRows;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.GreedyDecoder;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.zoo.EncoderDecoders;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Pairs of token sequences for encoder and decoder. Token 0 fills up sources and starts targets,
 * the largest one ends targets.
 *
 * @param sources without padding
 * @param targets without start and end
 * @param vocabulary tokens of both sides, start and end included
 * @param sourceSteps longest source
 * @param targetSteps longest target and its end
 */
record TokenPairs(
    List<int[]> sources, List<int[]> targets, int vocabulary, int sourceSteps, int targetSteps) {

  /** The folder of the catalogue's note corpus (SD), beside the data sets. */
  static final String NOTES = "../catalogue/notes";

  /** Words of 3 to {@code longest} letters of the note corpus, each once, and them reversed. */
  static TokenPairs reversedWords(int longest) {
    Set<String> words = new TreeSet<>();
    for (String text : RealData.texts(NOTES)) {
      for (String word : text.toLowerCase(Locale.ROOT).split("[^a-z]+", -1)) {
        if (word.length() >= 3 && word.length() <= longest) {
          words.add(word);
        }
      }
    }
    List<int[]> sources = new ArrayList<>();
    List<int[]> targets = new ArrayList<>();
    String[] all = words.toArray(String[]::new);
    for (int i : RowOrder.permutation(3, 0, 0, all.length)) {
      int[] letters = all[i].chars().map(c -> c - 'a' + 1).toArray();
      sources.add(letters);
      targets.add(new StringBuilder(all[i]).reverse().chars().map(c -> c - 'a' + 1).toArray());
    }
    return new TokenPairs(sources, targets, 28, longest, longest + 1);
  }

  int size() {
    return sources.size();
  }

  int end() {
    return vocabulary - 1;
  }

  EncoderDecoders.Size size(int embedding, int units) {
    return new EncoderDecoders.Size(
        sourceSteps, targetSteps, vocabulary, vocabulary, embedding, units);
  }

  TokenPairs range(int from, int to) {
    return new TokenPairs(
        sources.subList(from, to), targets.subList(from, to), vocabulary, sourceSteps, targetSteps);
  }

  /** Codes: the source, its length, the target moved by one; labels: the target and its end. */
  TokenRows rows() {
    int[][] codes = new int[size()][sourceSteps + 1 + targetSteps];
    int[][] labels = new int[size()][targetSteps];
    for (int i = 0; i < size(); i++) {
      int[] source = sources.get(i);
      int[] target = targets.get(i);
      System.arraycopy(source, 0, codes[i], 0, source.length);
      codes[i][sourceSteps] = source.length;
      System.arraycopy(target, 0, codes[i], sourceSteps + 2, target.length);
      Arrays.fill(labels[i], -1);
      System.arraycopy(target, 0, labels[i], 0, target.length);
      labels[i][target.length] = end();
    }
    return new TokenRows(codes, labels);
  }

  /** What the network writes for each source, without the end. */
  List<int[]> decoded(NetworkSpec spec, Predictor predictor) {
    GreedyDecoder decoder = new GreedyDecoder(spec, predictor, "target");
    List<int[]> written = new ArrayList<>();
    TokenRows rows = rows();
    int most = predictor.batch().maxRows();
    int[] order = LocalTrainer.Samples.identity(size());
    for (int from = 0; from < size(); from += most) {
      rows.fill(predictor.batch(), order, from, Math.min(most, size() - from));
      for (int[] row : decoder.decode(0, end())) {
        written.add(Arrays.stream(row).takeWhile(token -> token != end()).toArray());
      }
    }
    return written;
  }

  /** Share of the rows that are written exactly. */
  double exact(NetworkSpec spec, Predictor predictor) {
    List<int[]> written = decoded(spec, predictor);
    int right = 0;
    for (int i = 0; i < size(); i++) {
      right += Arrays.equals(written.get(i), targets.get(i)) ? 1 : 0;
    }
    return (double) right / size();
  }

  /**
   * The weights [N][T][S] of the attention while the wanted targets are read.
   *
   * @param weights the flat parameters
   */
  float[] attention(NetworkSpec spec, float[] weights, KernelProvider kernels) {
    List<String> watched = List.of("attention.weights");
    try (Predictor predictor = new Predictor(spec, size(), kernels, PlanOptions.DEFAULT, watched)) {
      predictor.setParameters(weights);
      rows().fill(predictor.batch(), LocalTrainer.Samples.identity(size()), 0, size());
      predictor.run();
      return predictor.activation("attention.weights");
    }
  }
}
