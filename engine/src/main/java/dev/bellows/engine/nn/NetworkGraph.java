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
 * @param codes input int [N, C] named {@code codes}: one column per categorical input, then the
 *     tokens
 * @param sparse CSR input [N, S] named {@code sparse}
 * @param labels input int [N] named {@code labels}, for losses that use labels; [N, L] when rows
 *     have several labels (positions, tasks), below 0 where there is none
 * @param safeLabels input int [N, L] named {@code safe_labels}: the labels with 0 for none; only
 *     when L is above 1
 * @param mask input float [N, L] named {@code label_mask}: 1 where there is a label, else 0; only
 *     when L is above 1
 * @param target input float [N, K] named {@code target}, for the other losses
 * @param weights input float [N] named {@code weights}: row weights
 * @param output raw scores [N, K] or [N, P..., K]; keeps the name of its layer
 * @param loss scalar named {@code loss}: the weighted sum of the rows' losses; with several heads
 *     the weighted sum of their losses, without that name
 * @param weightSum scalar named {@code weight_sum}: the sum of row weight times class weight
 * @param metric scalar named {@code metric}: unweighted sum over rows of correct (share of correct
 *     outputs) or of |error|
 * @param parameters one PARAMETER node per segment of the layout, in its order
 * @param gradients in TRAIN one node per segment, of its shape: the gradient of {@code loss}, or
 *     for a STATE segment {@code weight_sum} times the slice's statistic; in EVALUATE empty
 * @param layers what each layer of the description added, in its order
 * @param heads the main output first, then the others in their order
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
    @Nullable Node safeLabels,
    @Nullable Node mask,
    Node weights,
    Node output,
    Node loss,
    Node weightSum,
    Node metric,
    List<Node> parameters,
    List<Node> gradients,
    List<Layer> layers,
    List<HeadNodes> heads) {

  /**
   * One output and its loss.
   *
   * @param name {@link Head#MAIN} or the head's
   * @param output raw scores, as the layer gives them
   * @param loss scalar, the weighted sum of the rows' losses, without {@code weight}
   * @param metric scalar, as {@link NetworkGraph#metric}
   * @param weight factor of the loss in the sum of all
   * @param usesLabels whether its truth is labels; else targets
   * @param from first column of its truth, or -1 when its truth is not a column
   * @param width columns of its truth: positions or tasks
   * @param outputs classes, or values per row
   */
  public record HeadNodes(
      String name,
      Node output,
      Node loss,
      Node metric,
      double weight,
      boolean usesLabels,
      int from,
      int width,
      int outputs) {}

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
