package dev.bellows.engine.plan;

import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.engine.tensor.Memory;
import java.util.NoSuchElementException;

/**
 * Writes sequences token by token with a network that gives each position of its own target tokens
 * the scores of the next one: the most probable token, or one drawn by its probability, is taken
 * and read again. Positions must not see later ones (recurrent layers, causal attention).
 */
public final class GreedyDecoder {
  private final Predictor predictor;
  private final int column;
  private final int steps;
  private final int vocabulary;
  private final float[] scores;

  /**
   * A decoder for a predictor of this network, whose output is [N, T, V].
   *
   * @param target name of the part of T target tokens
   * @throws NoSuchElementException when the network has no such tokens
   */
  public GreedyDecoder(NetworkSpec spec, Predictor predictor, String target) {
    InputPart part =
        spec.input().parts().stream()
            .filter(p -> p.tokens() && p.name().equals(target))
            .findFirst()
            .orElseThrow(
                () -> new NoSuchElementException("the network has no tokens '" + target + "'"));
    this.predictor = predictor;
    this.column = spec.input().codesFrom(part);
    this.steps = part.size();
    this.vocabulary = spec.outputs();
    this.scores = new float[predictor.batch().maxRows() * predictor.scores()];
  }

  /**
   * Decodes every row of the predictor's batch, whose other inputs are filled in.
   *
   * @param start the token before the first; also what stands at places not yet written
   * @param end the token that ends a row, or -1 when rows have T tokens
   * @return [rows][T], {@code end} from its first place on
   */
  public int[][] decode(int start, int end) {
    return write(start, end, this::best);
  }

  /**
   * As {@link #decode}, but each token is drawn: with probability proportional to e to the power of
   * score / temperature. A row's tokens are a function of (seed, number of the row) and its scores.
   *
   * @param temperature above 0; small is close to the most probable token, 1 as trained
   * @param seed of the draws
   * @param firstRow number of the batch's first row
   */
  public int[][] sample(int start, int end, double temperature, long seed, long firstRow) {
    if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature: expected a number above 0, found " + temperature);
    }
    return write(
        start,
        end,
        (row, step) -> {
          long key = Mix64.mix(seed, Purpose.SAMPLE, firstRow + row);
          return drawn(row, step, temperature, Philox.uniform(key, step));
        });
  }

  /** Takes a token by the scores of a row's step. */
  private interface Choice {
    int token(int row, int step);
  }

  private int[][] write(int start, int end, Choice choice) {
    BatchBuffers batch = predictor.batch();
    int[][] written = new int[batch.rows()][steps];
    for (int row = 0; row < written.length; row++) {
      for (int t = 0; t < steps; t++) {
        put(row, t, start);
      }
    }
    int open = written.length;
    for (int t = 0; t < steps; t++) {
      if (open > 0) {
        predictor.run();
        predictor.outputs(scores);
      }
      open = 0;
      for (int row = 0; row < written.length; row++) {
        boolean over = t > 0 && end >= 0 && written[row][t - 1] == end;
        written[row][t] = over ? end : choice.token(row, t);
        open += written[row][t] == end ? 0 : 1;
        if (t + 1 < steps) {
          put(row, t + 1, written[row][t]);
        }
      }
    }
    return written;
  }

  private int best(int row, int step) {
    int from = (row * steps + step) * vocabulary;
    int best = 0;
    for (int k = 1; k < vocabulary; k++) {
      best = scores[from + k] > scores[from + best] ? k : best;
    }
    return best;
  }

  /**
   * @param uniform number in [0, 1): the share of the probability before the token drawn
   */
  private int drawn(int row, int step, double temperature, double uniform) {
    int from = (row * steps + step) * vocabulary;
    float largest = scores[from + best(row, step)];
    double total = 0;
    for (int k = 0; k < vocabulary; k++) {
      total += StrictMath.exp((scores[from + k] - largest) / temperature);
    }
    double left = uniform * total;
    for (int k = 0; k < vocabulary; k++) {
      left -= StrictMath.exp((scores[from + k] - largest) / temperature);
      if (left < 0) {
        return k;
      }
    }
    return best(row, step); // rounding ate the last of it
  }

  private void put(int row, int step, int token) {
    BatchBuffers batch = predictor.batch();
    Memory.putInt(batch.codes() + 4L * ((long) row * batch.categoricals() + column + step), token);
  }
}
