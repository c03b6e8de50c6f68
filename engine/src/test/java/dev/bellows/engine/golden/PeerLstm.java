package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Recurrences;
import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;

/**
 * The character model of {@code golden_curves.py}: embedding 64, LSTM 128, 80 characters, 50 steps,
 * the next character at each.
 */
public final class PeerLstm extends GoldenNet {
  private static final int CHARACTERS = 80;
  private static final int STEPS = 50;
  private static final int FEATURES = 64;
  private static final int UNITS = 128;

  private final int rows;
  private final Node tokens;
  private final Node labels;
  private final Node loss;

  /** A network for batches of {@code rows} sequences. */
  public PeerLstm(int rows) {
    this.rows = rows;
    int positions = rows * STEPS;
    float bound = (float) (1 / Math.sqrt(UNITS));
    this.tokens = graph.input("tokens", DType.INT32, Shape.of(rows, STEPS));
    this.labels = graph.input("labels", DType.INT32, Shape.of(positions));
    Node x = Indexings.gather(graph, parameter(1, CHARACTERS, FEATURES), tokens, 0);
    Node weight = parameter(bound, FEATURES, 4 * UNITS);
    Node gates = Indexings.linear(graph, x, weight, parameter(bound, 4 * UNITS));
    Node state = graph.constant(0, Shape.of(2 * rows, UNITS));
    Node recurrent = parameter(bound, UNITS, 4 * UNITS);
    Node h =
        Recurrences.outputs(graph, RecurrentCell.LSTM, gates, recurrent, state, null, null, false);
    Node scores = linear(graph.reshape(h, Shape.of(positions, UNITS)), CHARACTERS);
    Node weights = graph.constant(1.0 / positions, Shape.of(positions));
    this.loss = graph.softmaxCrossEntropy(scores, labels, weights, 0);
  }

  @Override
  public Node loss() {
    return loss;
  }

  /** Row r of a batch is an arithmetic sequence modulo the number of characters. */
  @Override
  public void feed(GraphTrainer trainer, int step) {
    int[] numbers = GoldenValues.wholes(GoldenValues.DATA + step % 16, 2 * rows, CHARACTERS);
    for (int row = 0; row < rows; row++) {
      int stride = 1 + numbers[row] % 3;
      for (int t = 0; t < STEPS; t++) {
        long at = 4L * ((long) row * STEPS + t);
        int code = (numbers[rows + row] + t * stride) % CHARACTERS;
        Memory.putInt(trainer.input(tokens) + at, code);
        Memory.putInt(trainer.input(labels) + at, (code + stride) % CHARACTERS);
      }
    }
  }
}
