package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.Windows;
import dev.bellows.engine.kernel.Convolution;
import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import java.util.function.ToLongFunction;

/** Binds: convolutions and their gradients. */
final class ConvolutionLowering {
  private ConvolutionLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    return bind(kernels, node, at, 0, at.applyAsLong(node));
  }

  /**
   * @param bias where the bias is, or where its gradient goes; 0 for none
   * @param result where the result goes
   */
  static KernelCall bind(
      Kernels kernels, Node node, ToLongFunction<Node> at, long bias, long result) {
    Convolution convolution = kernels.convolution();
    ConvolutionShape shape = shape(node);
    long a = at.applyAsLong(node.input(0));
    long b = at.applyAsLong(node.input(1));
    return switch (product(node.op())) {
      case FORWARD -> convolution.bindForward(shape, a, b, bias, result);
      case GRAD_INPUT -> convolution.bindGradInput(shape, a, b, result);
      case GRAD_WEIGHT -> convolution.bindGradWeight(shape, a, b, result, bias);
    };
  }

  static boolean isProduct(Op op) {
    return op == Op.CONV || op == Op.CONV_GRAD_INPUT || op == Op.CONV_GRAD_WEIGHT;
  }

  static ConvolutionShape shape(Node node) {
    return new ConvolutionShape(
        Convolutions.input(node),
        Convolutions.weight(node),
        Windows.of(node),
        Convolutions.groups(node),
        node.input(0).dtype());
  }

  static Convolution.Product product(Op op) {
    return switch (op) {
      case CONV -> Convolution.Product.FORWARD;
      case CONV_GRAD_INPUT -> Convolution.Product.GRAD_INPUT;
      case CONV_GRAD_WEIGHT -> Convolution.Product.GRAD_WEIGHT;
      default -> throw new IllegalStateException("no kernel for op " + op.id());
    };
  }
}
