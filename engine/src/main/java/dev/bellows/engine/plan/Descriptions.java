package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.kernel.Kernels;
import java.util.stream.Collectors;

/** Steps in words. */
final class Descriptions {
  private Descriptions() {}

  static PlanDescription.Call of(Step step, Kernels kernels, long nanos) {
    String kernel =
        step.parts().stream().map(part -> part.op().id()).collect(Collectors.joining("+"));
    Node product = step.main();
    long flops = 0;
    if (product.op() == Op.MATMUL) {
      flops = Lowering.gemmShape(product).flops();
      kernel += " (" + kernels.gemm().describe(Lowering.gemmShape(product)) + ")";
    }
    if (ConvolutionLowering.isProduct(product.op())) {
      ConvolutionShape shape = ConvolutionLowering.shape(product);
      flops = shape.flops();
      kernel +=
          " ("
              + kernels.convolution().describe(shape, ConvolutionLowering.product(product.op()))
              + ")";
    }
    long bytes = 0;
    for (Node read : step.reads()) {
      bytes += Placement.bytes(read);
    }
    for (Node result : step.results()) {
      bytes += Placement.bytes(result);
    }
    String nodes = step.parts().stream().map(Node::name).collect(Collectors.joining(", "));
    Node result = step.results().get(0);
    return new PlanDescription.Call(kernel, nodes, result.shape().toString(), flops, bytes, nanos);
  }
}
