package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.BinaryOp;
import dev.bellows.engine.kernel.BroadcastShape;
import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.LossOp;
import dev.bellows.engine.kernel.PreparedCall;
import dev.bellows.engine.kernel.UnaryOp;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Binds the kernel calls of steps. Every op that is not a source has a kernel here. */
final class Lowering {
  private final Kernels kernels;
  private final Placement placement;
  private final int[] dropoutIds;
  private final long dropoutKeys;
  private final List<KernelCall> calls = new ArrayList<>();
  private final IdentityHashMap<KernelCall, KernelCall> preparations = new IdentityHashMap<>();

  /** Where values lie that only parameters change. */
  private Set<Long> settled = Set.of();

  Lowering(Kernels kernels, Placement placement, int[] dropoutIds, long dropoutKeys) {
    this.kernels = kernels;
    this.placement = placement;
    this.dropoutIds = dropoutIds;
    this.dropoutKeys = dropoutKeys;
  }

  List<KernelCall> calls() {
    return calls;
  }

  /**
   * From here on a call's weights at these addresses are brought into its order by {@link
   * #preparation} and not by the call.
   */
  void prepareOnce(Set<Long> addresses) {
    settled = addresses;
  }

  /** What has to run before a call when parameters changed; null for most. */
  @Nullable KernelCall preparation(KernelCall call) {
    return preparations.get(call);
  }

  void lower(Step step, long scratch) {
    Node node = step.main();
    switch (step.kind()) {
      case SINGLE -> single(node, scratch);
      case MATMUL_BIAS -> matmul(node, bias(step), step.results().get(0));
      case SPARSE_MATMUL_BIAS -> sparseMatmul(node, bias(step), step.results().get(0));
      case LOSS_WITH_GRADIENT -> loss(node, at(node), at(step.results().get(1)));
      case GRADIENT_WITH_SUMS ->
          add(
              kernels
                  .elementwise()
                  .bindGradientWithSums(
                      ElementwiseOps.binary(node.op()),
                      ElementwiseOps.p(node.op(), node.attributes()),
                      at(node.input(0)),
                      at(node.input(1)),
                      at(node),
                      at(step.results().get(1)),
                      Math.toIntExact(node.shape().size() / step.results().get(1).shape().size()),
                      Math.toIntExact(step.results().get(1).shape().size())));
      case CONCAT_WITH_GATHERS -> concat(node, step);
      case SCATTER_OF_SLICE -> scatter(node, step.parts().get(0));
      case GELU_WITH_SLOPE ->
          add(
              kernels
                  .elementwise()
                  .bindGeluWithSlope(
                      at(node.input(0)), at(step.results().get(1)), at(node), node.shape().size()));
      case NORM_GRADIENTS ->
          add(NormalisationLowering.bindGradients(kernels, step.results(), placement::address));
      case ATTENTION_GRADIENTS ->
          add(AttentionLowering.bindGradients(kernels, step.results(), placement::address));
      case CONV_BIAS,
          CONV_GRAD_WEIGHT_BIAS,
          BATCH_NORM_FORWARD,
          BATCH_NORM_BACKWARD,
          MAX_POOL_RELU,
          MAX_POOL_RELU_GRAD ->
          add(ImageLowering.bind(kernels, step, placement::address));
      case RECURRENT_PAIR ->
          add(RecurrenceLowering.bind(kernels, step.results(), placement::address));
    }
  }

  /** A product whose result is wanted as the sum over the lanes. */
  void lowerSum(Step step) {
    Node node = step.main();
    add(
        kernels
            .gemm()
            .bindSum(
                gemmShape(node),
                placement.addresses(node.input(0)),
                placement.addresses(node.input(1)),
                at(node)));
  }

  /** Whether {@link #lowerSum} knows the step. */
  static boolean sums(Kernels kernels, Step step) {
    return step.kind() == StepKind.SINGLE
        && step.main().op() == Op.MATMUL
        && kernels.gemm().sums(gemmShape(step.main()));
  }

  /** Copies an output to where it was also asked for; of several lanes their sum. */
  void copy(Placement.Copy copy) {
    if (placement.lanes() > 1 && !placement.isSummed(Placement.base(copy.from()))) {
      long[] parts = placement.addresses(copy.from());
      add(kernels.reduce().bindPartSum(parts, copy.from().shape().size(), copy.to()));
      return;
    }
    long bytes = copy.from().shape().size() * copy.from().dtype().bytes();
    add(kernels.layout().bindCopy(1, bytes, at(copy.from()), bytes, copy.to(), bytes));
  }

  private void add(KernelCall call) {
    if (call instanceof PreparedCall prepared && settled.contains(prepared.weights())) {
      preparations.put(prepared.work(), prepared.preparation());
      calls.add(prepared.work());
    } else {
      calls.add(call);
    }
  }

  private long at(Node node) {
    return placement.address(node);
  }

  private long bias(Step step) {
    Node add = step.results().get(0);
    return at(add.input(add.input(0) == step.main() ? 1 : 0));
  }

  private void single(Node node, long scratch) {
    Op op = node.op();
    Attributes attributes = node.attributes();
    if (ElementwiseOps.isUnary(op)) {
      unary(
          ElementwiseOps.unary(op),
          ElementwiseOps.p(op, attributes),
          ElementwiseOps.q(op, attributes),
          node);
    } else if (ElementwiseOps.isArithmetic(op) || ElementwiseOps.isGradient(op)) {
      binary(ElementwiseOps.binary(op), ElementwiseOps.p(op, attributes), node);
    } else if (LossOps.isLoss(op)) {
      loss(node, at(node), 0);
    } else if (LossOps.isGradient(op)) {
      lossGradient(node);
    } else {
      other(node, scratch);
    }
  }

  private void other(Node node, long scratch) {
    switch (node.op()) {
      case RESHAPE, STOP_GRADIENT -> {} // the same memory
      case MATMUL -> matmul(node, 0, node);
      case SPARSE_MATMUL -> sparseMatmul(node, 0, node);
      case SPARSE_MATMUL_TRANSPOSED ->
          add(
              kernels
                  .sparse()
                  .bindMatmulTransposed(
                      node.input(0).shape().dim(0),
                      node.shape().dim(0),
                      node.shape().dim(1),
                      at(node.input(0)),
                      at(node.input(1)),
                      at(node)));
      case CONVERT ->
          add(
              kernels
                  .layout()
                  .bindConvert(
                      node.input(0).dtype(),
                      node.dtype(),
                      node.shape().size(),
                      at(node.input(0)),
                      at(node)));
      case TRANSPOSE ->
          add(
              kernels
                  .layout()
                  .bindTranspose(
                      node.input(0).shape().dim(0),
                      node.input(0).shape().dim(1),
                      at(node.input(0)),
                      at(node)));
      case CONCAT -> concat(node, Step.single(node));
      case SLICE -> slice(node);
      case BROADCAST -> broadcast(node);
      case REDUCE_SUM, REDUCE_MEAN -> reduce(node, scratch);
      case GATHER_ROWS -> gather(node, at(node), node.shape().dim(1));
      case SCATTER_ADD_ROWS -> scatter(node, null);
      case DROPOUT -> dropout(node);
      case RANDOM -> draw(node);
      case CLASS_WEIGHTS -> classWeights(node);
      case METRIC_CORRECT, METRIC_CORRECT_BINARY, METRIC_ABSOLUTE_ERROR ->
          add(
              kernels
                  .loss()
                  .bindMetric(
                      LossOps.metric(node.op()),
                      rows(node.input(0)),
                      cols(node.input(0)),
                      at(node.input(0)),
                      at(node.input(1)),
                      at(node)));
      default -> add(byFamily(node));
    }
  }

  private KernelCall byFamily(Node node) {
    return switch (node.op().family()) {
      case CORE -> NormLowering.bind(kernels, node, placement::address);
      case CONVOLUTION -> ConvolutionLowering.bind(kernels, node, placement::address);
      case POOLING -> PoolingLowering.bind(kernels, node, placement::address);
      case NORMALISATION -> NormalisationLowering.bind(kernels, node, placement::address);
      case INDEXING -> IndexingLowering.bind(kernels, node, placement::address);
      case ATTENTION -> AttentionLowering.bind(kernels, node, placement::address);
      case RECURRENCE -> RecurrenceLowering.bind(kernels, node, placement::address);
      case ALIGNMENT -> AlignmentLowering.bind(kernels, node, placement::address);
    };
  }

  private void unary(UnaryOp op, float p, float q, Node node) {
    add(
        kernels
            .elementwise()
            .bindUnary(op, p, q, at(node.input(0)), at(node), node.shape().size()));
  }

  private void binary(BinaryOp op, float p, Node node) {
    Node a = node.input(0);
    Node b = node.input(1);
    BroadcastShape shape = BroadcastShape.of(a.shape(), b.shape());
    add(kernels.elementwise().bindBinary(op, p, shape, at(a), at(b), at(node)));
  }

  private void matmul(Node node, long bias, Node result) {
    add(
        kernels
            .gemm()
            .bind(gemmShape(node), at(node.input(0)), at(node.input(1)), bias, at(result)));
  }

  static GemmShape gemmShape(Node node) {
    boolean transA = node.attributes().flag("transA");
    boolean transB = node.attributes().flag("transB");
    int k = node.input(0).shape().dim(transA ? 0 : 1);
    return new GemmShape(
        node.shape().dim(0), node.shape().dim(1), k, transA, transB, node.input(0).dtype());
  }

  private void sparseMatmul(Node node, long bias, Node result) {
    add(
        kernels
            .sparse()
            .bindMatmul(
                node.shape().dim(0),
                node.shape().dim(1),
                at(node.input(0)),
                at(node.input(1)),
                bias,
                at(result)));
  }

  private void loss(Node node, long out, long gradient) {
    Node scores = node.input(0);
    LossOp op = LossOps.kernel(node.op());
    add(
        kernels
            .loss()
            .bind(
                op,
                LossOps.constant(op, node.attributes()),
                scores.shape().dim(0),
                scores.shape().dim(1),
                at(scores),
                at(node.input(1)),
                at(node.input(2)),
                out,
                gradient));
  }

  /** The gradient for an upstream gradient of 1, then times the upstream one. */
  private void lossGradient(Node node) {
    Node upstream = node.input(0);
    Node scores = node.input(1);
    LossOp op = LossOps.kernel(LossOps.lossOf(node.op()));
    add(
        kernels
            .loss()
            .bind(
                op,
                LossOps.constant(op, node.attributes()),
                scores.shape().dim(0),
                scores.shape().dim(1),
                at(scores),
                at(node.input(2)),
                at(node.input(3)),
                0,
                at(node)));
    if (!Fusion.isOne(upstream)) {
      BroadcastShape shape = BroadcastShape.of(node.shape(), upstream.shape());
      add(
          kernels
              .elementwise()
              .bindBinary(BinaryOp.MUL, 0, shape, at(node), at(upstream), at(node)));
    }
  }

  private void concat(Node node, Step step) {
    int axis = node.attributes().integer("axis");
    long inner = inner(node.shape(), axis) * node.dtype().bytes();
    long stride = node.shape().dim(axis) * inner;
    long lines = lines(node.shape(), axis);
    long to = at(node);
    for (Node part : node.inputs()) {
      long bytes = part.shape().dim(axis) * inner;
      if (step.parts().contains(part)) {
        gather(part, to, node.shape().dim(1));
      } else {
        add(kernels.layout().bindCopy(lines, bytes, at(part), bytes, to, stride));
      }
      to += bytes;
    }
  }

  private void slice(Node node) {
    Node x = node.input(0);
    int axis = node.attributes().integer("axis");
    long inner = inner(x.shape(), axis) * x.dtype().bytes();
    long bytes = node.shape().dim(axis) * inner;
    long from = at(x) + node.attributes().integer("from") * inner;
    long stride = x.shape().dim(axis) * inner;
    add(kernels.layout().bindCopy(lines(x.shape(), axis), bytes, from, stride, at(node), bytes));
  }

  /** Repeats by max(x, x), which is x for every value. */
  private void broadcast(Node node) {
    Node x = node.input(0);
    add(
        kernels
            .elementwise()
            .bindBinary(
                BinaryOp.MAX,
                0,
                BroadcastShape.repeat(x.shape(), node.shape()),
                at(x),
                at(x),
                at(node)));
  }

  private void reduce(Node node, long scratch) {
    Node x = node.input(0);
    List<ReduceAxes> runs = ReduceAxes.of(x.shape(), node.attributes().integers("axes"));
    long from = at(x);
    long between = scratch;
    for (int i = 0; i < runs.size(); i++) {
      ReduceAxes run = runs.get(i);
      boolean last = i == runs.size() - 1;
      long to = last ? at(node) : between;
      double share = (double) node.shape().size() / x.shape().size();
      float scale = last && node.op() == Op.REDUCE_MEAN ? (float) share : 1;
      add(kernels.reduce().bindSum(run.outer(), run.reduced(), run.inner(), scale, from, to));
      from = to;
      between += run.resultBytes();
    }
  }

  private void gather(Node node, long to, int stride) {
    Node table = node.input(0);
    Node codes = node.input(1);
    long column = at(codes) + 4L * node.attributes().integer("column");
    add(
        kernels
            .embedding()
            .bindGather(
                node.shape().dim(0),
                table.shape().dim(1),
                at(table),
                column,
                codes.shape().dim(1),
                to,
                stride));
  }

  /**
   * @param slice the columns of a wider tensor that dy is, or null when dy is dense
   */
  private void scatter(Node node, @Nullable Node slice) {
    Node codes = node.input(1);
    Node dy = slice == null ? node.input(0) : slice.input(0);
    long from = slice == null ? 0 : 4L * slice.attributes().integer("from");
    add(
        kernels
            .embedding()
            .bindScatterAdd(
                codes.shape().dim(0),
                node.shape().dim(1),
                node.shape().dim(0),
                at(dy) + from,
                dy.shape().dim(1),
                at(codes) + 4L * node.attributes().integer("column"),
                codes.shape().dim(1),
                at(node)));
  }

  /** Where the key of a node's stream is. */
  private long key(Node node) {
    int id = node.attributes().integer("id");
    int slot = 0;
    while (dropoutIds[slot] != id) {
      slot++;
    }
    return dropoutKeys + 8L * (slot + placement.lane() * dropoutIds.length);
  }

  private void dropout(Node node) {
    add(
        kernels
            .random()
            .bindDropout(
                (float) node.attributes().number("rate"),
                key(node),
                at(node.input(0)),
                at(node),
                node.shape().size()));
  }

  private void draw(Node node) {
    Distribution distribution = Distribution.of(node.attributes().integer("distribution"));
    add(kernels.random().bindDraw(distribution, key(node), at(node), node.shape().size()));
  }

  private void classWeights(Node node) {
    Node classes = node.input(1);
    add(
        kernels
            .loss()
            .bindClassWeights(
                classes.dtype() == DType.INT32,
                node.shape().dim(0),
                at(node.input(0)),
                at(classes),
                placement.table(node),
                at(node)));
  }

  /** Elements of one line: all dimensions after the axis. */
  private static long inner(Shape shape, int axis) {
    long inner = 1;
    for (int i = axis + 1; i < shape.rank(); i++) {
      inner *= shape.dim(i);
    }
    return inner;
  }

  private static long lines(Shape shape, int axis) {
    long lines = 1;
    for (int i = 0; i < axis; i++) {
      lines *= shape.dim(i);
    }
    return lines;
  }

  static int cols(Node node) {
    return node.shape().rank() == 0 ? 1 : node.shape().dim(-1);
  }

  static int rows(Node node) {
    return (int) (node.shape().size() / Math.max(1, cols(node)));
  }
}
