package dev.bellows.engine.graph;

import java.util.Locale;

/**
 * The closed set of operations a {@link Graph} is made of. Letters in the comments: N rows, D
 * inputs, K outputs or columns, V table rows, C code columns. Every tensor is row-major. {@code bc}
 * marks ops that broadcast like numpy (shapes aligned at the right, a dimension of 1 is repeated).
 *
 * <p>Which inputs can be differentiated is a column of this table; the rules themselves are in
 * {@link GradientRules}.
 */
public enum Op {
  // Sources.
  /** A tensor that is bound from outside at each evaluation. */
  INPUT(0, 0),
  /** A CSR matrix [N, D] bound from outside; only the sparse products read it. */
  SPARSE_INPUT(0, 0),
  /** A named range of the flat parameter vector. */
  PARAMETER(0, 0),
  /** A tensor of fixed values: attribute {@code value} (fill) or {@code values} (row-major). */
  CONSTANT(0, 0),
  /** The identity whose gradient is nothing. */
  STOP_GRADIENT(1, 0),

  // Elementwise arithmetic.
  /** a + b, bc. */
  ADD(2, 0b11),
  /** a - b, bc. */
  SUB(2, 0b11),
  /** a * b, bc. */
  MUL(2, 0b11),
  /** a / b, bc. */
  DIV(2, 0b11),
  /** -x. */
  NEG(1, 0b1),
  /** e^x. */
  EXP(1, 0b1),
  /** ln x. */
  LOG(1, 0b1),
  /** Square root. */
  SQRT(1, 0b1),
  /** x to the constant power {@code exponent}. */
  POW(1, 0b1),
  /** |x|; subgradient 0 at 0. */
  ABS(1, 0b1),
  /** -1, 0 or 1; its gradient is zero everywhere. */
  SIGN(1, 0b1),
  /** max(a, b), bc; at a tie the gradient goes to b. */
  MAX(2, 0b11),
  /** min(a, b), bc; at a tie the gradient goes to b. */
  MIN(2, 0b11),
  /** 1 where a > b, else 0, bc; its gradient is zero everywhere. */
  GREATER(2, 0b11),
  /** x limited to [{@code min}, {@code max}]; gradient 1 inside and on the borders, 0 outside. */
  CLAMP(1, 0b1),

  /**
   * The same values in another float type, to nearest even when it is narrower; the gradient passes
   * unchanged.
   */
  CONVERT(1, 0b1),

  // Products and layout.
  /**
   * op(a) [M, K] times op(b) [K, N], op = transpose when {@code transA} / {@code transB} is set.
   */
  MATMUL(2, 0b11),
  /** CSR [N, D] times dense [D, K] = [N, K]. */
  SPARSE_MATMUL(2, 0b10),
  /** CSR [N, D] transposed times dense [N, K] = [D, K]. */
  SPARSE_MATMUL_TRANSPOSED(2, 0b10),
  /** [M, N] to [N, M]. */
  TRANSPOSE(1, 0b1),
  /** Same elements, other dimensions. */
  RESHAPE(1, 0b1),
  /** Inputs joined along {@code axis}. */
  CONCAT(-1, -1),
  /** Elements {@code from} (inclusive) to {@code to} (exclusive) of {@code axis}. */
  SLICE(1, 0b1),
  /** x repeated to a larger shape. */
  BROADCAST(1, 0b1),
  /** Sum over {@code axes}; {@code keep} keeps them as 1. */
  REDUCE_SUM(1, 0b1),
  /** Mean over {@code axes}; {@code keep} keeps them as 1. */
  REDUCE_MEAN(1, 0b1),
  /** Maximum over the last axis, kept as 1; tied elements share the gradient equally. */
  REDUCE_MAX(1, 0b1),
  /** Table [V, K], codes int [N, C], column {@code column}: rows of the table, [N, K]. */
  GATHER_ROWS(2, 0b01),
  /**
   * Rows dy [N, K] added into a zero table [{@code rows}, K] at codes int [N, C] of {@code column}.
   */
  SCATTER_ADD_ROWS(2, 0b01),

  // Activations, elementwise unless said. Gradient ops: (dy, y) for those marked y, (dy, x) for
  // those marked x.
  /** max(0, x); derivative 0 at 0. */
  RELU(1, 0b1),
  /** dy where y > 0, else 0. */
  RELU_GRAD(2, 0b11),
  /** x where x > 0, else {@code alpha} x; alpha >= 0; derivative alpha at 0. */
  LEAKY_RELU(1, 0b1),
  /** dy where y > 0, else {@code alpha} dy. */
  LEAKY_RELU_GRAD(2, 0b11),
  /** x where x > 0, else {@code alpha} (e^x - 1); alpha >= 0; derivative alpha at 0. */
  ELU(1, 0b1),
  /** dy where y > 0, else dy (y + {@code alpha}). */
  ELU_GRAD(2, 0b11),
  /** 1 / (1 + e^-x). */
  SIGMOID(1, 0b1),
  /** dy y (1 - y). */
  SIGMOID_GRAD(2, 0b11),
  /** Hyperbolic tangent. */
  TANH(1, 0b1),
  /** dy (1 - y^2). */
  TANH_GRAD(2, 0b11),
  /** ln(1 + e^x); its gradient is dy times SIGMOID. */
  SOFTPLUS(1, 0b1),
  /** x sigmoid({@code beta} x). */
  SWISH(1, 0b1),
  /** (dy, x): dy (s + beta x s (1 - s)), s = sigmoid(beta x). */
  SWISH_GRAD(2, 0b11),
  /** x tanh(softplus(x)). */
  MISH(1, 0b1),
  /** (dy, x): dy (t + x (1 - t^2) sigmoid(x)), t = tanh(softplus(x)). */
  MISH_GRAD(2, 0b11),
  /**
   * x Phi(x), Phi the normal distribution function (the exact form with erf, not the tanh
   * approximation).
   */
  GELU(1, 0b1),
  /** Phi(x) + x phi(x), the derivative of GELU; computed together with it in training. */
  GELU_SLOPE(1, 0b1),
  /**
   * e^(x/T) / sum e^(x/T) over the last axis, T = {@code temperature}; the maximum is subtracted
   * first.
   */
  SOFTMAX(1, 0b1),
  /** (dy, y): y (dy - sum(dy y)) / {@code temperature}, sums over the last axis. */
  SOFTMAX_GRAD(2, 0b11),
  /** x - logsumexp(x) over the last axis. */
  LOG_SOFTMAX(1, 0b1),
  /** 1 where x >= 0, else 0 (step(0) = 1). Has no useful gradient: asking for one is an error. */
  STEP(1, 0),
  /**
   * Index of the largest element of the last axis (the first at a tie), int. Has no gradient:
   * asking for one is an error.
   */
  ARGMAX(1, 0),

  // Regularising layers.
  /**
   * Inverted dropout: each element is kept with probability 1 - {@code rate} and divided by it,
   * else 0. The mask is a function of (seed, step, slice, {@code id}, element index), so the
   * gradient is the same op on dy.
   */
  DROPOUT(1, 0b1),
  /**
   * Random numbers of a {@link dev.bellows.engine.sample.Distribution}: a function of (seed, step,
   * slice, {@code id}, element index), whatever the inputs.
   */
  RANDOM(0, 0),
  /** Means of each channel of [..., K]: [K]. */
  BATCH_MEAN(1, 0b1),
  /** Biased variances (divided by the count) of each channel of [..., K]: [K]. */
  BATCH_VARIANCE(1, 0b1),
  /**
   * (x [..., K], mean [K], variance [K], scale [K], shift [K]): scale (x - mean) / sqrt(variance +
   * {@code epsilon}) + shift. With {@code training} mean and variance are the statistics of x
   * itself and the gradient of x goes through them too.
   */
  BATCH_NORM(5, 0b11001),
  /**
   * (dy, x, mean, variance, scale): gradient of x, linear and self-adjoint in dy. Same attributes
   * as {@link #BATCH_NORM}.
   */
  BATCH_NORM_GRAD(5, 0b10001),
  /** (dy, x, mean, variance): gradient of scale [K]: column sums of dy times the normalised x. */
  BATCH_NORM_GRAD_SCALE(4, 0b0001),
  /**
   * (row weights [N], labels int [N] or target [N, 1]): weight of row i times {@code weights}[class
   * of row i], [N].
   */
  CLASS_WEIGHTS(2, 0),

  // Losses on raw scores: sum over rows i of weight_i times the mean over outputs of the formula.
  // Scalars.
  /**
   * (scores [N, K], labels int [N], weights [N]): -sum_k q_k log softmax_k, q = (1 - {@code
   * smoothing}) onehot + smoothing / K.
   */
  SOFTMAX_CROSS_ENTROPY(3, 0b1),
  /** (dy, scores, labels, weights): dy w_i (softmax - q), [N, K]. */
  SOFTMAX_CROSS_ENTROPY_GRAD(4, 0b0011),
  /**
   * (scores [N, K], target [N, K] in [0, 1], weights [N]): softplus(s) - t s, with t = (1 - {@code
   * smoothing}) target + smoothing / 2.
   */
  SIGMOID_CROSS_ENTROPY(3, 0b1),
  /** (dy, scores, target, weights): dy w_i (sigmoid(s) - t) / K. */
  SIGMOID_CROSS_ENTROPY_GRAD(4, 0b0011),
  /** (output [N, K], target [N, K], weights [N]): (o - t)^2. */
  MSE(3, 0b1),
  /** (dy, output, target, weights): dy w_i 2 (o - t) / K. */
  MSE_GRAD(4, 0b0011),
  /** (output [N, K], target [N, K], weights [N]): |o - t|. */
  MAE(3, 0b1),
  /** (dy, output, target, weights): dy w_i sign(o - t) / K; 0 at o = t. */
  MAE_GRAD(4, 0b0011),
  /**
   * (output [N, K], target [N, K], weights [N]): e^2 / 2 where |e| is at most {@code delta}, else
   * delta (|e| - delta / 2), e = o - t.
   */
  HUBER(3, 0b1),
  /** (dy, output, target, weights): dy w_i clamp(o - t, -delta, delta) / K. */
  HUBER_GRAD(4, 0b0011),
  /** (scores [N, K], target [N, K] in {0, 1}, weights [N]): max(0, 1 - y s), y = 2 target - 1. */
  HINGE(3, 0b1),
  /**
   * (dy, scores, target, weights): -dy w_i y / K where y s is below 1, else 0 (0 at the margin).
   */
  HINGE_GRAD(4, 0b0011),

  // Metric sums; they have no gradient.
  /**
   * (scores [N, K], labels int [N]): number of rows whose largest score (first at a tie) is the
   * label. Scalar.
   */
  METRIC_CORRECT(2, 0),
  /**
   * (scores [N, K], target [N, K]): sum over rows of the share of outputs with (score > 0) ==
   * (target > 0.5). Scalar.
   */
  METRIC_CORRECT_BINARY(2, 0),
  /** (output [N, K], target [N, K]): sum over rows of the mean over outputs of |o - t|. Scalar. */
  METRIC_ABSOLUTE_ERROR(2, 0),

  // Recurrence, see Recurrences. N rows, T steps, H units, G gates, S states; attributes cell,
  // reverse, final, lengths.
  /**
   * (x [N, T, G H], weights [H, G H], state [S N, H], candidate bias [H] of a GRU, lengths int [N]
   * when set): outputs [N, T, H], or with {@code final} [N T + S N, H], the final state at the end.
   */
  RECURRENT(OpFamily.RECURRENCE, -1, 0b1111),
  /** What the backward pass needs: {@link RecurrentCell#traceBlocks} blocks [blocks, N T, H]. */
  RECURRENT_TRACE(OpFamily.RECURRENCE, -1, 0b1111),
  /** (dy, trace, inputs of RECURRENT): gradient of x [N, T, G H], of the pre-activations. */
  RECURRENT_GRAD(OpFamily.RECURRENCE, -1, 0b111111),
  /** (dy, trace, inputs of RECURRENT): gradient of the initial state [S N, H]. */
  RECURRENT_STATE_GRAD(OpFamily.RECURRENCE, -1, 0b111111),

  // Alignment, see Alignments.
  /** (log-probabilities [N, T, C], labels int [N, L], steps int [N], counts int [N]): [N]. */
  CTC(OpFamily.ALIGNMENT, 4, 0b1),
  /** (dy [N], inputs of CTC): gradient of the log-probabilities. */
  CTC_GRAD(OpFamily.ALIGNMENT, 5, 0b11),

  // Convolutions, built by Convolutions: x [N, spatial..., C], w [kernel..., C / groups, O];
  // attributes kernel, stride, dilation, low, high (padding) per spatial axis and groups.
  /** (x, w): cross-correlation, [N, windows..., O]. */
  CONV(OpFamily.CONVOLUTION, 2, 0b11),
  /** (dy, w): transposed convolution, the gradient of the input, of shape {@code input}. */
  CONV_GRAD_INPUT(OpFamily.CONVOLUTION, 2, 0b11),
  /** (x, dy): the gradient of the weight. */
  CONV_GRAD_WEIGHT(OpFamily.CONVOLUTION, 2, 0b11),

  // Normalisation within a row. C channels are {@code groups} groups of W; x is read as [{@code
  // rows}, S, groups, W] and each (row, group) has its own mean and variance over S and W. Layer
  // norm has one row per position and one group, instance norm as many groups as channels.
  /** (x [..., C], scale [C], shift [C]): scale (x - mean) / sqrt(variance + epsilon) + shift. */
  GROUP_NORM(OpFamily.NORMALISATION, 3, 0b111),
  /** (dy, x, scale): gradient of x; linear in dy and in scale. */
  GROUP_NORM_GRAD(OpFamily.NORMALISATION, 3, 0b111),
  /** (dy, x): gradient of scale, [C]. */
  GROUP_NORM_GRAD_SCALE(OpFamily.NORMALISATION, 2, 0b11),

  // Moving elements.
  /** Dimension i of the result is dimension {@code axes}[i] of x. */
  PERMUTE(OpFamily.INDEXING, 1, 0b1),
  /**
   * x with {@code before}[i] and {@code after}[i] places more along axis i: {@code value} where
   * {@code mode} is 0, mirrored without repeating the border where it is 1, the border repeated
   * where it is 2.
   */
  PAD(OpFamily.INDEXING, 1, 0b1),
  /** The transpose of PAD of value 0: each place's values are added to the element it shows. */
  UNPAD(OpFamily.INDEXING, 1, 0b1),
  /**
   * (x, indices int): {@code axis} of x replaced by the dimensions of indices, slices x[index] in
   * their places.
   */
  GATHER(OpFamily.INDEXING, 2, 0b01),
  /** (dy, indices int): the transpose of GATHER, {@code axis} having {@code size} places. */
  SCATTER_ADD(OpFamily.INDEXING, 2, 0b01),
  /** indices int [...]: [..., {@code depth}], 1 at the index, else 0 (all 0 when it is outside). */
  ONE_HOT(OpFamily.INDEXING, 1, 0),
  /**
   * op(a) [..., M, K] times op(b) [..., K, N], op = transpose of the last two axes when {@code
   * transA} / {@code transB} is set; the leading axes broadcast.
   */
  BATCH_MATMUL(OpFamily.INDEXING, 2, 0b11),
  /**
   * Sums of x up to each place of {@code axis}, from the end when {@code reverse}; without the
   * place itself when {@code exclusive}.
   */
  CUMULATIVE_SUM(OpFamily.INDEXING, 1, 0b1),
  /** (mask, a, b) of one shape: a where the mask is not 0, else b. */
  SELECT(OpFamily.INDEXING, 3, 0b110),
  /** (x [N, T, ...], lengths int [N]): the first length places of each row backwards. */
  REVERSE_SEQUENCE(OpFamily.INDEXING, 2, 0b01),
  /** lengths int [N]: [N, {@code steps}], 1 at places before the length, else 0. */
  SEQUENCE_MASK(OpFamily.INDEXING, 1, 0),
  /**
   * centre [N, Q]: int [N, Q, 2 {@code reach} + 1], the {@code size} places of row n counted from n
   * size, from max(0, min(ceil(centre - reach), size - 2 reach - 1)) on.
   */
  WINDOW_PLACES(OpFamily.INDEXING, 1, 0),

  // Attention over H = {@code heads} heads of D: softmax(Q transposed(K) {@code scale}) V per head.
  // Key j of row n is seen when j < lengths[n], and with {@code causal} only by queries i >= j; a
  // query that sees none gives 0.
  /** (q [N, Q, H D], k [N, K, H D], v [N, K, H E], optional lengths int [N]): [N, Q, H E]. */
  ATTENTION(OpFamily.ATTENTION, -1, 0b111),
  /** (dy, q, k, v, optional lengths): gradient of q, k or v as {@code of} is 0, 1 or 2. */
  ATTENTION_GRAD(OpFamily.ATTENTION, -1, 0b1111),
  /** (q, k and v side by side [N, T, 3 H D], optional lengths int [N]): [N, T, H D]. */
  SELF_ATTENTION(OpFamily.ATTENTION, -1, 0b1),
  /** (dy, q, k and v, optional lengths): gradient of q, k and v, [N, T, 3 H D]. */
  SELF_ATTENTION_GRAD(OpFamily.ATTENTION, -1, 0b11),

  // Pooling and resampling, built by Poolings: images [N, spatial..., C]. An index is int, the flat
  // spatial position in its row, or -1 for none; its own gradient is zero everywhere.
  /** Largest value of each window (the first at a tie); padding is left out. */
  MAX_POOL(OpFamily.POOLING, 1, 0b1),
  /** Index of the largest value of each window, of the shape of MAX_POOL. */
  MAX_POOL_INDEX(OpFamily.POOLING, 1, 0),
  /** (x [N, spatial..., C], index [N, places..., C]): x at the index, 0 where it is -1. */
  POOL_TAKE(OpFamily.POOLING, 2, 0b11),
  /** (dy, index): dy added into zeros of shape {@code input} at the index; max unpooling. */
  POOL_PUT(OpFamily.POOLING, 2, 0b11),
  /** Mean of each window; {@code padded} counts the zeros of the padding. */
  AVERAGE_POOL(OpFamily.POOLING, 1, 0b1),
  /** dy: gradient of AVERAGE_POOL's input, of shape {@code input}. */
  AVERAGE_POOL_GRAD(OpFamily.POOLING, 1, 0b1),
  /** Nearest or linear interpolation to spatial sizes {@code output}. */
  RESIZE(OpFamily.POOLING, 1, 0b1),
  /** dy: gradient of RESIZE's input, of shape {@code input}. */
  RESIZE_GRAD(OpFamily.POOLING, 1, 0b1),
  /** (x [N, H, W, C], regions [R, 5]): means of bilinear samples, [R, h, w, C]. */
  ROI_ALIGN(OpFamily.POOLING, 2, 0b01),
  /** (dy, regions): gradient of ROI_ALIGN's x, of shape {@code input}. */
  ROI_ALIGN_GRAD(OpFamily.POOLING, 2, 0b01),
  /**
   * (x [N, H, W, C], regions [R, 5]): index of the largest value of each bin of each region, a
   * position in all N images; -1 for an empty bin. [R, h, w, C].
   */
  ROI_POOL_INDEX(OpFamily.POOLING, 2, 0),
  /** Sum of each value and its {@code half} neighbours on both sides along the last axis. */
  CHANNEL_WINDOW_SUM(OpFamily.POOLING, 1, 0b1);

  private final int arity;
  private final int differentiable;

  private final OpFamily family;

  Op(int arity, int differentiable) {
    this(OpFamily.CORE, arity, differentiable);
  }

  Op(OpFamily family, int arity, int differentiable) {
    this.family = family;
    this.arity = arity;
    this.differentiable = differentiable;
  }

  /** The family whose rules, reference kernels and lowering the op has. */
  public OpFamily family() {
    return family;
  }

  /** Number of inputs, or -1 when there may be any number from one up. */
  public int arity() {
    return arity;
  }

  /** Whether a gradient can be asked for input {@code input} (a zero gradient counts). */
  public boolean differentiable(int input) {
    return differentiable == -1 || (input < 31 && (differentiable >>> input & 1) == 1);
  }

  /** Whether a gradient can be asked for any input. */
  public boolean differentiable() {
    return differentiable != 0;
  }

  /** The name in messages, plans and summaries, for example {@code softmax_cross_entropy}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
