package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Losses over alignments of sequences: connectionist temporal classification (A. Graves et al.,
 * ICML 2006). N rows, T steps, C classes with the blank, L labels.
 */
public final class Alignments {
  /** Logarithm that stands for "impossible" in the expansion, where infinities would give NaN. */
  private static final double IMPOSSIBLE = -1e30;

  private Alignments() {}

  /**
   * -ln of the probability of each row's labels, summed over all alignments with blanks: [N].
   *
   * @param logProbabilities [N, T, C], for example of {@link Graph#logSoftmax}
   * @param labels int [N, L] in [0, C), none the blank; places beyond a row's count are ignored
   * @param steps int [N], steps of each row, 0 to T
   * @param counts int [N], labels of each row, 0 to L
   * @param blank class of the blank
   * @return infinite for a row whose labels need more steps than it has; its gradient is 0
   */
  public static Node ctc(
      Graph g, Node logProbabilities, Node labels, Node steps, Node counts, int blank) {
    String label = g.label(Op.CTC);
    ShapeRules.rank(label, logProbabilities, 3);
    ShapeRules.rank(label, labels, 2);
    int rows = logProbabilities.shape().dim(0);
    int classes = logProbabilities.shape().dim(2);
    for (Node node : List.of(labels, steps, counts)) {
      if (node.dtype() != DType.INT32 || node.shape().dim(0) != rows) {
        throw new GraphException(
            "node "
                + label
                + ": expected int32 with "
                + rows
                + " rows, got "
                + node
                + " "
                + node.dtype());
      }
    }
    ShapeRules.rank(label, steps, 1);
    ShapeRules.rank(label, counts, 1);
    if (blank < 0 || blank >= classes) {
      throw new GraphException(
          "node " + label + ": blank must be in [0, " + classes + "), got " + blank);
    }
    return g.append(
        Op.CTC,
        Shape.of(rows),
        DType.FLOAT32,
        Attributes.of("blank", blank),
        List.of(logProbabilities, labels, steps, counts));
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    return switch (n.op()) {
      case CTC -> {
        List<Node> inputs = new ArrayList<>(List.of(dy));
        inputs.addAll(n.inputs());
        yield g.append(Op.CTC_GRAD, n.input(0).shape(), DType.FLOAT32, n.attributes(), inputs);
      }
      case CTC_GRAD ->
          Expansion.vectorJacobian(
              g,
              n,
              i,
              dy,
              in -> {
                Node loss = expanded(g, in, n.attributes().integer("blank"));
                return Expansion.only(
                    Gradients.vectorJacobian(g, loss, in.get(0), List.of(in.get(1))));
              });
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }

  /** {@link #ctc} in elementary ops; inputs as of CTC_GRAD. */
  private static Node expanded(Graph g, List<Node> in, int blank) {
    Node x = in.get(1);
    int rows = x.shape().dim(0);
    int steps = x.shape().dim(1);
    int classes = x.shape().dim(2);
    Node labels = in.get(2);
    int most = labels.shape().dim(1);
    int states = 2 * most + 1;
    Node chosen = Indexings.oneHot(g, labels, classes); // [N, L, C]
    Node inside = Indexings.sequenceMask(g, in.get(3), steps);
    Node skip = skips(g, chosen, rows, most);
    Node alpha = null;
    for (int t = 0; t < steps; t++) {
      Node row = g.slice(x, 1, t, t + 1); // [N, 1, C]
      Node blanks = g.slice(g.reshape(row, Shape.of(rows, classes)), 1, blank, blank + 1);
      Node emitted = g.reduceSum(g.mul(chosen, row), 2); // [N, L]
      List<Node> columns = new ArrayList<>();
      for (int s = 0; s < states; s++) {
        columns.add(s % 2 == 0 ? blanks : g.slice(emitted, 1, s / 2, s / 2 + 1));
      }
      Node emission = g.concat(1, columns);
      if (alpha == null) {
        double[] first = new double[states];
        java.util.Arrays.fill(first, IMPOSSIBLE);
        first[0] = 0;
        alpha = before(g, rows, first);
      }
      Node moved = t == 0 ? start(g, rows, states) : step(g, alpha, skip, rows, states);
      Node next = g.add(moved, emission);
      Node now = g.slice(inside, 1, t, t + 1);
      alpha = Indexings.select(g, now, next, alpha);
    }
    Node count = Indexings.oneHot(g, in.get(4), most + 1); // [N, L + 1]
    List<Node> ends = new ArrayList<>();
    for (int s = 0; s < states; s++) {
      int end = (s + 1) / 2;
      ends.add(g.slice(count, 1, end, end + 1));
    }
    Node far = g.mul(g.sub(g.concat(1, ends), g.constant(1, Shape.SCALAR)), -IMPOSSIBLE);
    Node all = alpha == null ? before(g, rows, new double[states]) : alpha;
    return g.neg(Reductions.logSumExp(g, g.add(all, far), false, 1));
  }

  /** One row of values for every row of the batch. */
  private static Node before(Graph g, int rows, double[] values) {
    return g.broadcast(
        g.constant(values, Shape.of(1, values.length)), Shape.of(rows, values.length));
  }

  /** Step 0 can be in state 0 or 1. */
  private static Node start(Graph g, int rows, int states) {
    double[] values = new double[states];
    java.util.Arrays.fill(values, IMPOSSIBLE);
    values[0] = 0;
    if (states > 1) {
      values[1] = 0;
    }
    return before(g, rows, values);
  }

  /** 0 where a state may be reached from two states before (a label unlike the one before). */
  private static Node skips(Graph g, Node chosen, int rows, int most) {
    List<Node> columns = new ArrayList<>();
    Node never = g.constant(IMPOSSIBLE, Shape.of(rows, 1));
    columns.add(never);
    for (int j = 0; j < most; j++) {
      if (j == 0) {
        columns.add(never);
      } else {
        Node same =
            g.reduceSum(g.mul(g.slice(chosen, 1, j, j + 1), g.slice(chosen, 1, j - 1, j)), 2);
        columns.add(g.mul(same, IMPOSSIBLE));
      }
      columns.add(never);
    }
    return g.concat(1, columns);
  }

  private static Node step(Graph g, Node alpha, Node skip, int rows, int states) {
    List<Node> ways = new ArrayList<>(List.of(alpha));
    for (int back = 1; back <= Math.min(2, states - 1); back++) {
      Node shifted =
          g.concat(
              1,
              List.of(
                  g.constant(IMPOSSIBLE, Shape.of(rows, back)),
                  g.slice(alpha, 1, 0, states - back)));
      ways.add(back == 2 ? g.add(shifted, skip) : shifted);
    }
    List<Node> stacked = new ArrayList<>();
    for (Node way : ways) {
      stacked.add(g.reshape(way, Shape.of(rows, states, 1)));
    }
    return Reductions.logSumExp(g, g.concat(2, stacked), false, 2);
  }
}
