package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A network of {@code golden_curves.py}: a graph whose parameters have the script's start values.
 */
public abstract class GoldenNet {
  public final Graph graph = new Graph();
  private final List<float[]> starts = new ArrayList<>();
  private int streams;

  /** The scalar that is trained. */
  public abstract Node loss();

  /** Writes batch {@code step} to the inputs. */
  public abstract void feed(GraphTrainer trainer, int step);

  /** A parameter of evenly spread values in [-bound, bound). */
  protected final Node parameter(float bound, int... dims) {
    Shape shape = Shape.of(dims);
    starts.add(GoldenValues.values(streams++, (int) shape.size(), bound));
    return graph.parameter("p" + starts.size(), shape);
  }

  /** A parameter of one value; it takes none of the script's streams. */
  protected final Node filled(float value, int... dims) {
    Shape shape = Shape.of(dims);
    float[] values = new float[(int) shape.size()];
    Arrays.fill(values, value);
    starts.add(values);
    return graph.parameter("p" + starts.size(), shape);
  }

  /** PyTorch's Linear over the last axis. */
  protected final Node linear(Node x, int outputs) {
    int inputs = x.shape().dim(-1);
    float bound = (float) (1 / Math.sqrt(inputs));
    Node weight = parameter(bound, inputs, outputs);
    return Indexings.linear(graph, x, weight, parameter(bound, outputs));
  }

  /** The flat vector that the training starts from. */
  public final float[] start() {
    float[] flat = new float[starts.stream().mapToInt(values -> values.length).sum()];
    int at = 0;
    for (float[] values : starts) {
      System.arraycopy(values, 0, flat, at, values.length);
      at += values.length;
    }
    return flat;
  }
}
