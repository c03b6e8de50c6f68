package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network as a graph for a fixed number of rows N. Inputs that the network does not have are
 * null.
 *
 * @param graph all nodes
 * @param rows N
 * @param mode which graph this is
 * @param layout the flat parameter vector
 * @param numeric input float [N, D] named {@code numeric}
 * @param codes input int [N, C] named {@code codes}: one column per categorical input
 * @param sparse CSR input [N, S] named {@code sparse}
 * @param labels input int [N] named {@code labels}, for losses that use labels
 * @param target input float [N, K] named {@code target}, for the other losses
 * @param weights input float [N] named {@code weights}: row weights
 * @param output raw scores [N, K]; keeps the name of its layer
 * @param loss scalar named {@code loss}: the weighted sum of the rows' losses
 * @param weightSum scalar named {@code weight_sum}: the sum of row weight times class weight
 * @param metric scalar named {@code metric}: unweighted sum over rows of correct (share of correct
 *     outputs) or of |error|
 * @param parameters one PARAMETER node per segment of the layout, in its order
 * @param gradients in TRAIN one node per segment, of its shape: the gradient of {@code loss}, or
 *     for a STATE segment {@code weight_sum} times the slice's statistic; in EVALUATE empty
 * @param layers what each layer of the description added, in its order
 */
public record NetworkGraph(
    Graph graph,
    int rows,
    Mode mode,
    ParameterLayout layout,
    @Nullable Node numeric,
    @Nullable Node codes,
    @Nullable Node sparse,
    @Nullable Node labels,
    @Nullable Node target,
    Node weights,
    Node output,
    Node loss,
    Node weightSum,
    Node metric,
    List<Node> parameters,
    List<Node> gradients,
    List<Layer> layers) {

  /**
   * What one layer added.
   *
   * @param name prefix of its nodes and segments, for example {@code layer0.dense}
   * @param inputs what it reads
   * @param output what it gives; an input itself when the layer does nothing in this mode
   * @param nodes all nodes that it added, in order
   * @param segments names of its segments
   */
  public record Layer(
      String name, List<Node> inputs, Node output, List<Node> nodes, List<String> segments) {
    /** Copies the lists. */
    public Layer {
      inputs = List.copyOf(inputs);
      nodes = List.copyOf(nodes);
      segments = List.copyOf(segments);
    }
  }
}
