package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A reduction over several axes as reductions over runs of neighbouring axes, the last run first:
 * each is [outer, reduced, inner] in memory.
 */
record ReduceAxes(long outer, long reduced, long inner) {
  /** The reductions one after another; each works on what the one before it left. */
  static List<ReduceAxes> of(Shape shape, int[] axes) {
    boolean[] isReduced = new boolean[shape.rank()];
    for (int axis : axes) {
      isReduced[axis] = true;
    }
    List<ReduceAxes> runs = new ArrayList<>();
    long inner = 1;
    int axis = shape.rank() - 1;
    while (axis >= 0) {
      if (!isReduced[axis]) {
        inner *= shape.dim(axis--);
        continue;
      }
      long reduced = 1;
      while (axis >= 0 && isReduced[axis]) {
        reduced *= shape.dim(axis--);
      }
      long outer = 1;
      for (int i = 0; i <= axis; i++) {
        outer *= shape.dim(i);
      }
      runs.add(new ReduceAxes(outer, reduced, inner));
    }
    if (runs.isEmpty()) {
      runs.add(new ReduceAxes(shape.size(), 1, 1));
    }
    return runs;
  }

  /** Bytes of what the reduction leaves. */
  long resultBytes() {
    return 4 * outer * inner;
  }

  /** Bytes for what lies between the reductions of a node. */
  static long scratchBytes(Node node) {
    if (node.op() != Op.REDUCE_SUM && node.op() != Op.REDUCE_MEAN) {
      return 0;
    }
    List<ReduceAxes> runs = of(node.input(0).shape(), node.attributes().integers("axes"));
    long bytes = 0;
    for (ReduceAxes run : runs.subList(0, runs.size() - 1)) {
      bytes += run.resultBytes();
    }
    return bytes;
  }
}
