package dev.bellows.engine.plan;

/** What a step computes together. */
enum StepKind {
  /** One node by its own kernel. */
  SINGLE,
  /** MATMUL and the ADD of a bias row. */
  MATMUL_BIAS,
  /** SPARSE_MATMUL and the ADD of a bias row. */
  SPARSE_MATMUL_BIAS,
  /** A loss and its gradient for an upstream gradient of 1. */
  LOSS_WITH_GRADIENT,
  /** An activation's gradient and its sums over rows: the gradient of the bias. */
  GRADIENT_WITH_SUMS,
  /** GATHER_ROWS straight into their places in a CONCAT. */
  CONCAT_WITH_GATHERS,
  /** SCATTER_ADD_ROWS straight from a SLICE of columns. */
  SCATTER_OF_SLICE,
  /** Outputs and trace of a recurrent layer, or the two gradients of its backward pass. */
  RECURRENT_PAIR,
  /** GELU and its derivative. */
  GELU_WITH_SLOPE,
  /** The gradients of a GROUP_NORM with respect to x, scale and shift: two or three of them. */
  NORM_GRADIENTS,
  /** The gradients of an ATTENTION with respect to q, k and v: two or three of them. */
  ATTENTION_GRADIENTS,
  /** CONV and the ADD of a bias per channel. */
  CONV_BIAS,
  /** CONV_GRAD_WEIGHT and the sums of the same gradient over all positions: the bias's gradient. */
  CONV_GRAD_WEIGHT_BIAS,
  /** BATCH_MEAN, BATCH_VARIANCE and BATCH_NORM of one tensor, with the ADD and RELU after it. */
  BATCH_NORM_FORWARD,
  /** BATCH_NORM_GRAD and the gradients of scale and shift, with the RELU_GRAD and ADD before it. */
  BATCH_NORM_BACKWARD,
  /** MAX_POOL, its index and the RELU before it, which moves behind the smaller tensor. */
  MAX_POOL_RELU,
  /** POOL_PUT of tiling windows and the RELU_GRAD after it. */
  MAX_POOL_RELU_GRAD
}
