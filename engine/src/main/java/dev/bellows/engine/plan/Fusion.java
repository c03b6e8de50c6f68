package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes of a graph are computed, in which order, and which of them together. Activations are
 * not here: they overwrite their input when nobody else reads it, which costs a pass over data that
 * is in the first-level cache. (As a post-op of the matrix product oneDNN's relu would turn a NaN
 * into 0 and hide a diverged network.)
 */
final class Fusion {
  private final Graph graph;
  private final boolean[] needed;
  private final int[] uses;
  private final @Nullable Step[] stepOf;

  private Fusion(Graph graph, Collection<Node> outputs) {
    this.graph = graph;
    int size = graph.nodes().size();
    this.needed = new boolean[size];
    this.uses = new int[size];
    this.stepOf = new Step[size];
    for (Node output : outputs) {
      needed[output.id()] = true;
      uses[output.id()]++; // a value that is read from outside is never folded away
    }
    for (int id = size - 1; id >= 0; id--) {
      if (needed[id]) {
        for (Node input : graph.nodes().get(id).inputs()) {
          needed[input.id()] = true;
          uses[input.id()]++;
        }
      }
    }
  }

  /** The steps that compute {@code outputs}; sources have none. */
  static List<Step> steps(Graph graph, Collection<Node> outputs, boolean fuse) {
    Fusion fusion = new Fusion(graph, outputs);
    if (fuse) {
      new ImageFusion(fusion).run();
      for (Node node : graph.nodes()) {
        if (fusion.needed[node.id()]) {
          fusion.fuse(node);
        }
      }
      new RoundingFusion(fusion).run();
    }
    return fusion.ordered();
  }

  /**
   * Each step stands where its last part does, or earlier when something that stands before reads a
   * result of it.
   */
  private List<Step> ordered() {
    Set<Step> ordered = new LinkedHashSet<>();
    for (Node node : graph.nodes()) {
      if (needed[node.id()] && !isSource(node.op())) {
        Step step = step(node);
        if (node == step.parts().get(step.parts().size() - 1)) {
          place(step, ordered);
        }
      }
    }
    return List.copyOf(ordered);
  }

  private void place(Step step, Set<Step> ordered) {
    if (!ordered.contains(step)) {
      for (Node read : step.reads()) {
        if (!isSource(read.op())) {
          place(step(read), ordered);
        }
      }
      ordered.add(step);
    }
  }

  Step step(Node node) {
    Step step = stepOf[node.id()];
    return step == null ? Step.single(node) : step;
  }

  static boolean isSource(Op op) {
    return op == Op.INPUT || op == Op.SPARSE_INPUT || op == Op.PARAMETER || op == Op.CONSTANT;
  }

  private void fuse(Node node) {
    switch (node.op()) {
      case ADD -> {
        bias(node, 0, 1);
        bias(node, 1, 0);
      }
      case CONCAT -> gathers(node);
      case SCATTER_ADD_ROWS -> scatter(node);
      case REDUCE_SUM -> gradientSums(node);
      case RECURRENT, RECURRENT_TRACE, RECURRENT_GRAD, RECURRENT_STATE_GRAD -> recurrent(node);
      case GELU_SLOPE -> set(GradientFusion.gelu(graph, node, this::open), node);
      case GROUP_NORM_GRAD -> set(GradientFusion.norm(graph, node, this::open), node);
      case ATTENTION_GRAD -> set(GradientFusion.attention(graph, node, this::open), node);
      default -> {
        if (LossOps.isGradient(node.op())) {
          lossGradient(node);
        }
      }
    }
  }

  private void bias(Node add, int product, int bias) {
    Node x = add.input(product);
    Node row = add.input(bias);
    boolean matmul = x.op() == Op.MATMUL;
    if ((matmul || x.op() == Op.SPARSE_MATMUL)
        && free(add)
        && foldable(x)
        && row.op() == Op.PARAMETER
        && row.shape().size() == add.shape().dim(-1)
        && row.shape().dim(-1) == add.shape().dim(-1)) {
      StepKind kind = matmul ? StepKind.MATMUL_BIAS : StepKind.SPARSE_MATMUL_BIAS;
      set(new Step(kind, x, List.of(add), List.of(x, add)));
    }
  }

  private void gathers(Node concat) {
    if (concat.attributes().integer("axis") != 1 || concat.shape().rank() != 2) {
      return;
    }
    List<Node> parts = new ArrayList<>();
    for (Node input : concat.inputs()) {
      if (input.op() == Op.GATHER_ROWS && foldable(input) && !parts.contains(input)) {
        parts.add(input);
      }
    }
    if (!parts.isEmpty()) {
      parts.sort((a, b) -> Integer.compare(a.id(), b.id()));
      parts.add(concat);
      set(new Step(StepKind.CONCAT_WITH_GATHERS, concat, List.of(concat), parts));
    }
  }

  private void scatter(Node scatter) {
    Node slice = scatter.input(0);
    if (slice.op() == Op.SLICE
        && slice.attributes().integer("axis") == 1
        && slice.shape().rank() == 2
        && foldable(slice)) {
      set(new Step(StepKind.SCATTER_OF_SLICE, scatter, List.of(scatter), List.of(slice, scatter)));
    }
  }

  /** An activation's gradient and its column sums, perhaps with reshapes between the two. */
  private void gradientSums(Node sum) {
    List<Node> parts = new ArrayList<>(List.of(sum));
    Node gradient = sum.input(0);
    while (Placement.isAlias(gradient.op()) && free(gradient)) {
      parts.add(0, gradient);
      gradient = gradient.input(0);
    }
    parts.add(0, gradient);
    if ((ElementwiseOps.isGradient(gradient.op()) || isDenseProduct(gradient))
        && sum.input(0).shape().rank() == 2
        && Arrays.equals(sum.attributes().integers("axes"), new int[] {0})
        && free(gradient)
        && free(sum)) {
      set(new Step(StepKind.GRADIENT_WITH_SUMS, gradient, List.of(gradient, sum), parts));
    }
  }

  /** The gradient of an activation whose derivative was kept. */
  private static boolean isDenseProduct(Node node) {
    return node.op() == Op.MUL
        && node.input(0).shape().equals(node.shape())
        && node.input(1).shape().equals(node.shape());
  }

  private void lossGradient(Node gradient) {
    Node upstream = gradient.input(0);
    if (!isOne(upstream) || !free(gradient)) {
      return;
    }
    Op op = LossOps.lossOf(gradient.op());
    for (Node loss : graph.nodes()) {
      if (loss.op() == op
          && needed[loss.id()]
          && loss.id() < gradient.id()
          && free(loss)
          && loss.inputs().equals(gradient.inputs().subList(1, 4))
          && loss.attributes().toString().equals(gradient.attributes().toString())) {
        set(
            new Step(
                StepKind.LOSS_WITH_GRADIENT,
                loss,
                List.of(loss, gradient),
                List.of(loss, gradient)));
        return;
      }
    }
  }

  private void recurrent(Node later) {
    Step pair =
        free(later)
            ? RecurrenceFusion.pair(graph, later, node -> needed[node.id()] && free(node))
            : null;
    if (pair != null) {
      set(pair);
    }
  }

  /** Whether a node is the constant 1, as the start of a reverse walk is. */
  static boolean isOne(Node node) {
    return node.op() == Op.CONSTANT
        && node.attributes().has("value")
        && node.attributes().number("value") == 1;
  }

  boolean free(Node node) {
    return stepOf[node.id()] == null;
  }

  /** The nodes that are computed, in order. */
  List<Node> computed() {
    return graph.nodes().stream().filter(node -> needed[node.id()]).toList();
  }

  /** How often a value is read, from outside included. */
  int uses(Node node) {
    return uses[node.id()];
  }

  /** Whether nobody else reads the node. */
  private boolean foldable(Node node) {
    return free(node) && uses[node.id()] == 1;
  }

  private boolean open(Node node) {
    return needed[node.id()] && free(node);
  }

  private void set(@Nullable Step step, Node trigger) {
    if (step != null && free(trigger)) {
      set(step);
    }
  }

  void set(Step step) {
    for (Node part : step.parts()) {
      stepOf[part.id()] = step;
    }
  }
}
