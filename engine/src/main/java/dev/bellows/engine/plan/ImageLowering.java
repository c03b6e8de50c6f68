package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.Windows;
import dev.bellows.engine.kernel.BatchNormBackward;
import dev.bellows.engine.kernel.BatchNormForward;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.PoolShape;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Binds the steps of {@link ImageFusion}. */
final class ImageLowering {
  private ImageLowering() {}

  static KernelCall bind(Kernels kernels, Step step, ToLongFunction<Node> at) {
    Node main = step.main();
    return switch (step.kind()) {
      case CONV_BIAS -> {
        Node add = step.results().get(0);
        long bias = at.applyAsLong(add.input(add.input(0) == main ? 1 : 0));
        yield ConvolutionLowering.bind(kernels, main, at, bias, at.applyAsLong(add));
      }
      case CONV_GRAD_WEIGHT_BIAS ->
          ConvolutionLowering.bind(
              kernels, main, at, at.applyAsLong(step.results().get(1)), at.applyAsLong(main));
      case BATCH_NORM_FORWARD -> forward(kernels, step, at);
      case BATCH_NORM_BACKWARD -> backward(kernels, step, at);
      case MAX_POOL_RELU -> {
        Node x = step.reads().get(0);
        yield kernels
            .pooling()
            .bindMax(
                new PoolShape(x.shape(), Windows.of(main)),
                true,
                at.applyAsLong(x),
                at.applyAsLong(main),
                at.applyAsLong(step.results().get(1)));
      }
      case MAX_POOL_RELU_GRAD -> {
        List<Node> reads = step.reads();
        yield kernels
            .pooling()
            .bindMaxGrad(
                new PoolShape(main.shape(), Windows.of(reads.get(1))),
                at.applyAsLong(reads.get(0)),
                at.applyAsLong(reads.get(1)),
                at.applyAsLong(reads.get(2)),
                at.applyAsLong(main));
      }
      default -> throw new IllegalStateException("step " + step.kind() + " is not of images");
    };
  }

  private static long address(@Nullable Node node, ToLongFunction<Node> at) {
    return node == null ? 0 : at.applyAsLong(node);
  }

  /** Where the main result goes; 0 when only its rounded copy is read. */
  private static long result(Step step, ToLongFunction<Node> at) {
    return step.results().contains(step.main()) ? at.applyAsLong(step.main()) : 0;
  }

  private static KernelCall forward(Kernels kernels, Step step, ToLongFunction<Node> at) {
    Node norm = part(step, Op.BATCH_NORM);
    Node add = step.part(Op.ADD);
    Node x = norm.input(0);
    Node skip = add == null ? null : add.input(add.input(0) == norm ? 1 : 0);
    return kernels
        .norm()
        .bindBatchNormForward(
            new BatchNormForward(
                Lowering.rows(x),
                Lowering.cols(x),
                (float) norm.attributes().number("epsilon"),
                step.part(Op.RELU) != null,
                at.applyAsLong(x),
                address(skip, at),
                at.applyAsLong(norm.input(3)),
                at.applyAsLong(norm.input(4)),
                at.applyAsLong(norm.input(1)),
                at.applyAsLong(norm.input(2)),
                result(step, at),
                address(step.part(Op.CONVERT), at)));
  }

  private static KernelCall backward(Kernels kernels, Step step, ToLongFunction<Node> at) {
    Node gradient = step.main();
    Node relu = step.part(Op.RELU_GRAD);
    Node add = step.part(Op.ADD);
    Node dy = relu == null ? gradient.input(0) : relu.input(0);
    Node shift = relu == null ? null : ImageFusion.shiftOf(relu.input(1), gradient);
    Node y = relu == null || shift != null ? null : relu.input(1);
    return kernels
        .norm()
        .bindBatchNormBackward(
            new BatchNormBackward(
                Lowering.rows(gradient),
                Lowering.cols(gradient),
                (float) gradient.attributes().number("epsilon"),
                at.applyAsLong(add == null ? dy : add.input(0)),
                add == null ? 0 : at.applyAsLong(add.input(1)),
                address(y, at),
                address(shift, at),
                at.applyAsLong(gradient.input(1)),
                at.applyAsLong(gradient.input(2)),
                at.applyAsLong(gradient.input(3)),
                at.applyAsLong(gradient.input(4)),
                relu != null && step.results().contains(relu) ? at.applyAsLong(relu) : 0,
                result(step, at),
                address(step.part(Op.BATCH_NORM_GRAD_SCALE), at),
                address(step.part(Op.REDUCE_SUM), at),
                address(step.part(Op.CONVERT), at)));
  }

  private static Node part(Step step, Op op) {
    Node part = step.part(op);
    if (part == null) {
      throw new IllegalStateException("step " + step.kind() + " has no " + op.id());
    }
    return part;
  }
}
