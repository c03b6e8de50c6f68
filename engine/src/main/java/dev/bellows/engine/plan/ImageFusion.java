package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is computed together in convolutional networks. Their activations leave the caches, so each
 * pass over a tensor that is saved counts.
 */
final class ImageFusion {
  private final Fusion fusion;
  private final Map<Node, List<Node>> readers = new HashMap<>();

  ImageFusion(Fusion fusion) {
    this.fusion = fusion;
    for (Node node : fusion.computed()) {
      for (Node input : node.inputs()) {
        readers.computeIfAbsent(input, n -> new ArrayList<>()).add(node);
      }
    }
  }

  void run() {
    for (Node node : fusion.computed()) {
      switch (node.op()) {
        case CONV -> convBias(node);
        case CONV_GRAD_WEIGHT -> convGradients(node);
        case BATCH_NORM -> batchNorm(node);
        case BATCH_NORM_GRAD -> batchNormGradients(node);
        case RELU -> pooledRelu(node);
        default -> {}
      }
    }
  }

  private List<Node> readers(Node node) {
    return readers.getOrDefault(node, List.of());
  }

  /** The only reader of a value that nobody outside reads, or null. */
  private @Nullable Node onlyReader(Node node) {
    List<Node> all = readers(node);
    return all.size() == 1 && fusion.uses(node) == 1 ? all.get(0) : null;
  }

  /** Whether a value is read by these nodes alone. */
  private boolean readOnlyBy(Node node, List<Node> parts) {
    return fusion.uses(node) == readers(node).size() && parts.containsAll(readers(node));
  }

  private void convBias(Node conv) {
    Node add = onlyReader(conv);
    if (add == null || add.op() != Op.ADD || !fusion.free(add)) {
      return;
    }
    Node bias = add.input(add.input(0) == conv ? 1 : 0);
    if (bias.op() == Op.PARAMETER
        && bias.shape().rank() == 1
        && bias.shape().dim(0) == conv.shape().dim(-1)) {
      fusion.set(new Step(StepKind.CONV_BIAS, conv, List.of(add), List.of(conv, add)));
    }
  }

  private void convGradients(Node gradient) {
    Node dy = gradient.input(1);
    Node sums = channelSums(dy);
    if (sums != null && fusion.free(gradient)) {
      List<Node> both = new ArrayList<>(List.of(gradient, sums));
      both.sort(Comparator.comparingInt(Node::id));
      fusion.set(new Step(StepKind.CONV_GRAD_WEIGHT_BIAS, gradient, List.of(gradient, sums), both));
    }
  }

  /** The sums of a tensor over all axes but the last, or null. */
  private @Nullable Node channelSums(Node x) {
    for (Node reader : readers(x)) {
      if (reader.op() == Op.REDUCE_SUM
          && fusion.free(reader)
          && reader.shape().equals(Shape.of(x.shape().dim(-1)))
          && reader.attributes().integers("axes").length == x.shape().rank() - 1
          && reader.attributes().integers("axes")[x.shape().rank() - 2] == x.shape().rank() - 2) {
        return reader;
      }
    }
    return null;
  }

  private void batchNorm(Node norm) {
    if (!norm.attributes().flag("training") || !fusion.free(norm)) {
      return;
    }
    Node mean = norm.input(1);
    Node variance = norm.input(2);
    if (!fusion.free(mean) || !fusion.free(variance)) {
      return;
    }
    List<Node> parts = new ArrayList<>(List.of(mean, variance, norm));
    Node last = norm;
    Node next = onlyReader(last);
    if (next != null
        && next.op() == Op.ADD
        && fusion.free(next)
        && next.input(0) != next.input(1)
        && next.input(0).shape().equals(next.input(1).shape())) {
      Node skip = next.input(next.input(0) == norm ? 1 : 0);
      if (!dependsOn(skip, parts)) {
        parts.add(next);
        last = next;
        next = onlyReaderForRelu(last);
      }
    } else {
      next = onlyReaderForRelu(norm);
    }
    if (next != null && next.op() == Op.RELU && fusion.free(next)) {
      parts.add(next);
      last = next;
    }
    fusion.set(new Step(StepKind.BATCH_NORM_FORWARD, last, List.of(mean, variance, last), parts));
  }

  private @Nullable Node onlyReaderForRelu(Node node) {
    Node next = onlyReader(node);
    return next != null && next.op() == Op.RELU ? next : null;
  }

  /** Whether a node needs the value of one of {@code parts}. */
  private static boolean dependsOn(Node node, List<Node> parts) {
    int first = parts.stream().mapToInt(Node::id).min().orElse(0);
    Set<Node> seen = new HashSet<>();
    List<Node> open = new ArrayList<>(List.of(node));
    while (!open.isEmpty()) {
      Node next = open.remove(open.size() - 1);
      if (parts.contains(next)) {
        return true;
      }
      if (next.id() > first && seen.add(next)) {
        open.addAll(next.inputs());
      }
    }
    return false;
  }

  private void batchNormGradients(Node gradient) {
    if (!gradient.attributes().flag("training") || !fusion.free(gradient)) {
      return;
    }
    Node d = gradient.input(0);
    List<Node> parts = new ArrayList<>(List.of(gradient));
    List<Node> results = new ArrayList<>(List.of(gradient));
    for (Node reader : readers(d)) {
      if (reader.op() == Op.BATCH_NORM_GRAD_SCALE
          && fusion.free(reader)
          && reader.input(0) == d
          && reader.inputs().subList(1, 4).equals(gradient.inputs().subList(1, 4))) {
        parts.add(reader);
        results.add(reader);
        break;
      }
    }
    Node sums = channelSums(d);
    if (sums != null) {
      parts.add(sums);
      results.add(sums);
    }
    List<Node> reads = new ArrayList<>();
    if (d.op() == Op.RELU_GRAD && fusion.free(d) && !d.input(1).equals(d.input(0))) {
      boolean kept = !readOnlyBy(d, parts);
      Node up = d.input(0);
      parts.add(d);
      if (kept) {
        results.add(d);
      }
      if (up.op() == Op.ADD
          && fusion.free(up)
          && onlyReader(up) == d
          && up.input(0).shape().equals(up.input(1).shape())) {
        parts.add(up);
        reads.addAll(up.inputs());
      } else {
        reads.add(up);
      }
      Node shift = shiftOf(d.input(1), gradient);
      reads.add(shift != null ? shift : d.input(1));
    } else {
      reads.add(d);
    }
    reads.addAll(gradient.inputs().subList(1, 5));
    for (Node read : reads) {
      if (dependsOn(read, results)) {
        return;
      }
    }
    List<Node> distinct = reads.stream().distinct().toList();
    parts.sort(Comparator.comparingInt(Node::id));
    fusion.set(new Step(StepKind.BATCH_NORM_BACKWARD, gradient, results, parts, distinct));
  }

  /**
   * The shift of the batch normalisation whose relu {@code y} is, when it is the one of the
   * gradient: y can then be made again from x.
   */
  static @Nullable Node shiftOf(Node y, Node gradient) {
    if (y.op() != Op.RELU || y.input(0).op() != Op.BATCH_NORM) {
      return null;
    }
    Node norm = y.input(0);
    boolean same = norm.inputs().subList(0, 4).equals(gradient.inputs().subList(1, 5));
    return same ? norm.input(4) : null;
  }

  /** max(relu(x)) = relu(max(x)), and the gradient needs only the pooled value. */
  private void pooledRelu(Node relu) {
    if (!fusion.free(relu)) {
      return;
    }
    Node pool = null;
    Node index = null;
    Node mask = null;
    for (Node reader : readers(relu)) {
      switch (reader.op()) {
        case MAX_POOL -> pool = reader;
        case MAX_POOL_INDEX -> index = reader;
        case RELU_GRAD -> mask = reader;
        default -> {}
      }
    }
    if (pool == null || index == null || mask == null || mask.input(1) != relu) {
      return;
    }
    List<Node> known = List.of(pool, index, mask);
    Node put = mask.input(0);
    boolean fits =
        readOnlyBy(relu, known)
            && readers(relu).size() == 3
            && pool.attributes().toString().equals(index.attributes().toString())
            && put.op() == Op.POOL_PUT
            && put.input(1) == index
            && onlyReader(put) == mask
            && PoolingLowering.tiles(put)
            && fusion.free(pool)
            && fusion.free(index)
            && fusion.free(put)
            && fusion.free(mask);
    if (!fits) {
      return;
    }
    fusion.set(
        new Step(StepKind.MAX_POOL_RELU, pool, List.of(pool, index), List.of(relu, pool, index)));
    fusion.set(
        new Step(
            StepKind.MAX_POOL_RELU_GRAD,
            mask,
            List.of(mask),
            List.of(put, mask),
            List.of(put.input(0), index, pool)));
  }
}
