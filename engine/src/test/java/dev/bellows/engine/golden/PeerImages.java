package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;

/** What the image networks of {@code golden_curves.py} share: images, labels, layers and loss. */
abstract class PeerImages extends GoldenNet {
  private static final int CLASSES = 10;

  /** Lines of an image that belong to a label. */
  private static final int BAND = 3;

  private final int rows;
  private final int size;
  private final int channels;
  private final float brighter;
  final Node images;
  private final Node labels;
  private Node loss;

  /**
   * @param brighter what the label's lines have more than the others
   */
  PeerImages(int rows, int size, int channels, float brighter) {
    this.brighter = brighter;
    this.rows = rows;
    this.size = size;
    this.channels = channels;
    this.images = graph.input("images", DType.FLOAT32, Shape.of(rows, size, size, channels));
    this.labels = graph.input("labels", DType.INT32, Shape.of(rows));
  }

  /** Ends the network: mean cross entropy of scores [rows, 10]. */
  final void classify(Node scores) {
    Node weights = graph.constant(1.0 / rows, Shape.of(rows));
    loss = graph.softmaxCrossEntropy(scores, labels, weights, 0);
  }

  final Node conv(Node x, int outputs, int size, int stride, int padding) {
    int inputs = x.shape().dim(-1);
    Window window = Window.of(size, size).strides(stride, stride).padding(padding, padding);
    Node weight = parameter(bound(inputs * size * size), size, size, inputs, outputs);
    return Convolutions.conv(graph, x, weight, window, 1);
  }

  final Node biased(Node conv, int terms) {
    return graph.add(conv, parameter(bound(terms), conv.shape().dim(-1)));
  }

  final Node rows(Node x) {
    return graph.reshape(x, Shape.of(rows, (int) (x.shape().size() / rows)));
  }

  private static float bound(int terms) {
    return (float) (1 / Math.sqrt(terms));
  }

  @Override
  public Node loss() {
    return loss;
  }

  @Override
  public void feed(GraphTrainer trainer, int step) {
    int line = size * channels;
    long stream = GoldenValues.DATA + 2L * step;
    float[] pixels = GoldenValues.values(stream, rows * size * line, 2);
    int[] kinds = GoldenValues.wholes(stream + 1, rows, CLASSES);
    for (int i = 0; i < pixels.length; i++) {
      if (i / line % size / BAND == kinds[i / line / size]) {
        pixels[i] += brighter;
      }
    }
    Memory.copyIn(pixels, 0, trainer.input(images), pixels.length);
    Memory.copyIn(kinds, 0, trainer.input(labels), rows);
  }
}
