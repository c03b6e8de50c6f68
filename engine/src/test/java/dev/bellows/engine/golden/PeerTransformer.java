package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Attentions;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Normalisations;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;

/**
 * The transformer of {@code golden_curves.py}: 2 pre-norm encoder blocks, 128 features, 4 heads, 64
 * tokens of 1000, mean over positions, 10 classes.
 */
public final class PeerTransformer extends GoldenNet {
  private static final int TOKENS = 64;
  private static final int VOCABULARY = 1000;
  private static final int FEATURES = 128;
  private static final int HEADS = 4;
  private static final int HIDDEN = 512;
  private static final int BLOCKS = 2;
  private static final int CLASSES = 10;

  private final int rows;
  private final Node tokens;
  private final Node labels;
  private final Node loss;

  /** A network for batches of {@code rows} sequences. */
  public PeerTransformer(int rows) {
    this.rows = rows;
    this.tokens = graph.input("tokens", DType.INT32, Shape.of(rows, TOKENS));
    this.labels = graph.input("labels", DType.INT32, Shape.of(rows));
    Node table = parameter(1, VOCABULARY, FEATURES);
    Node positions = parameter(0.03125f, TOKENS, FEATURES);
    Node x = graph.add(Indexings.gather(graph, table, tokens, 0), positions);
    for (int block = 0; block < BLOCKS; block++) {
      Node qkv = linear(norm(x), 3 * FEATURES);
      x = graph.add(x, linear(Attentions.selfAttention(graph, qkv, null, HEADS, false), FEATURES));
      x = graph.add(x, linear(graph.gelu(linear(norm(x), HIDDEN)), FEATURES));
    }
    Node scores = linear(graph.reduceMean(norm(x), 1), CLASSES);
    Node weights = graph.constant(1.0 / rows, Shape.of(rows));
    this.loss = graph.softmaxCrossEntropy(scores, labels, weights, 0);
  }

  private Node norm(Node x) {
    Node scale = filled(1, FEATURES);
    return Normalisations.layerNorm(graph, x, scale, filled(0, FEATURES), 1e-5);
  }

  @Override
  public Node loss() {
    return loss;
  }

  @Override
  public void feed(GraphTrainer trainer, int step) {
    int[] codes = GoldenValues.wholes(GoldenValues.DATA + step % 16, rows * TOKENS, VOCABULARY);
    Memory.copyIn(codes, 0, trainer.input(tokens), codes.length);
    for (int row = 0; row < rows; row++) {
      Memory.putInt(trainer.input(labels) + 4L * row, codes[row * TOKENS] % CLASSES);
    }
  }
}
