package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.tensor.DType;

/**
 * Slices that one plan computes side by side: how many are worthwhile, and the sums of their
 * scalars in the order in which their gradients are added.
 */
final class Lanes {
  /** Smaller gradients stay in the second-level cache from slice to slice. */
  private static final long LEAST_GRADIENT_BYTES = 256 << 10;

  /** Rows of all lanes: beyond these the parameters are read seldom enough. */
  private static final int ROWS = 128;

  private final double[][] scalars;

  Lanes(int count) {
    this.scalars = new double[count][4];
  }

  /**
   * How many slices a plan should compute at once: several where most of a large gradient comes
   * from products that sum over slices as they go, so that no slice's own gradient is ever written.
   *
   * @param rows of a slice
   * @param most allowed
   * @return a power of two, at least 1
   */
  static int worthwhile(
      NetworkSpec spec, int rows, KernelProvider provider, PlanOptions options, int most) {
    int count = Integer.highestOneBit(Math.max(1, Math.min(most, ROWS / rows)));
    count = Math.min(count, Gemm.MAX_PARTS);
    if (count == 1
        || options.checked()
        || options.products() != DType.FLOAT32
        || 4L * Network.layout(spec).length() < LEAST_GRADIENT_BYTES) {
      return 1;
    }
    long all = 0;
    long summed = 0;
    try (Kernels kernels = provider.open()) {
      for (Node gradient : Network.build(spec, rows, Mode.TRAIN).gradients()) {
        Node origin = Placement.base(gradient);
        all += gradient.shape().size();
        if (origin.op() == Op.MATMUL && kernels.gemm().sums(Lowering.gemmShape(origin))) {
          summed += gradient.shape().size();
        }
      }
    }
    return 4 * summed >= 3 * all ? count : 1;
  }

  /** {weight, loss, metric, rows} of a lane, to be filled. */
  double[] scalars(int lane) {
    return scalars[lane];
  }

  /** Overwrites with the sum over the lanes, added as a binary tree; the lanes' own are lost. */
  void sumTo(double[] sum) {
    for (int step = 1; step < scalars.length; step *= 2) {
      for (int lane = 0; lane < scalars.length; lane += 2 * step) {
        for (int i = 0; i < sum.length; i++) {
          scalars[lane][i] += scalars[lane + step][i];
        }
      }
    }
    System.arraycopy(scalars[0], 0, sum, 0, sum.length);
  }
}
