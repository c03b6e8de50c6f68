package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Convolution;
import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.PreparedCall;
import dev.bellows.engine.kernel.cpu.OneDnnPrimitives.Operand;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc;
import org.jspecify.annotations.Nullable;

/**
 * {@link Convolution} by oneDNN. Images stay channels-last; weights are copied to the layout that
 * the primitive wants whenever they change (see {@link PreparedCall}), gradients of weights back. A
 * product for which oneDNN has only its reference loops (100 times slower) is not done here.
 */
final class OneDnnConvolution implements Convolution {
  /** Channels of an input image whose products of rounded operands are the slower ones. */
  private static final int FEW_FOR_TILES = 4;

  private final OneDnnPrimitives primitives;
  private final Convolution fallback;

  /**
   * A primitive and what it works on.
   *
   * @param weight the layout it wants
   * @param dense our layout
   */
  private record Made(
      primitive run, primitive_desc description, memory.desc weight, memory.desc dense) {}

  /** A primitive, or null when oneDNN has no fast one. */
  private record Choice(@Nullable Made made) {}

  /** The tensors as oneDNN names their axes: [N, C, spatial...]. */
  private record Layout(
      memory.desc input,
      memory.desc output,
      memory.desc anyWeight,
      memory.desc weight,
      memory.desc bias,
      long[] stride,
      long[] dilation,
      long[] low,
      long[] high) {}

  OneDnnConvolution(OneDnnPrimitives primitives, Convolution fallback) {
    this.primitives = primitives;
    this.fallback = fallback;
  }

  @Override
  public KernelCall bindForward(ConvolutionShape shape, long x, long w, long bias, long y) {
    Made made = made(shape, Product.FORWARD, bias != 0);
    if (made == null) {
      return fallback.bindForward(shape, x, w, bias, y);
    }
    List<Operand> operands = new ArrayList<>();
    operands.add(new Operand(dnnl.DNNL_ARG_SRC, layout(shape, Product.FORWARD).input(), x));
    operands.add(new Operand(dnnl.DNNL_ARG_DST, layout(shape, Product.FORWARD).output(), y));
    if (bias != 0) {
      operands.add(new Operand(dnnl.DNNL_ARG_BIAS, layout(shape, Product.FORWARD).bias(), bias));
    }
    return withWeights(made, w, operands);
  }

  @Override
  public KernelCall bindGradInput(ConvolutionShape shape, long dy, long w, long dx) {
    if (NativeConvolution.gradInputFits(shape)) {
      return NativeConvolution.bindGradInput(primitives.memory(), shape, dy, w, dx);
    }
    Made made = made(shape, Product.GRAD_INPUT, false);
    if (made == null) {
      return fallback.bindGradInput(shape, dy, w, dx);
    }
    List<Operand> operands = new ArrayList<>();
    operands.add(
        new Operand(dnnl.DNNL_ARG_DIFF_DST, layout(shape, Product.GRAD_INPUT).output(), dy));
    operands.add(
        new Operand(dnnl.DNNL_ARG_DIFF_SRC, layout(shape, Product.GRAD_INPUT).input(), dx));
    return withWeights(made, w, operands);
  }

  /** The weights copied to the layout of the primitive, then the primitive. */
  private KernelCall withWeights(Made made, long w, List<Operand> operands) {
    boolean same = made.weight().equals(made.dense());
    long copy = same ? w : primitives.memory().take(made.weight().get_size());
    operands.add(new Operand(dnnl.DNNL_ARG_WEIGHTS, made.weight(), copy));
    KernelCall product = call(made, operands);
    if (same) {
      return product;
    }
    return new PreparedCall(w, primitives.reorder(made.dense(), w, made.weight(), copy), product);
  }

  @Override
  public KernelCall bindGradWeight(ConvolutionShape shape, long x, long dy, long dw, long dbias) {
    Made made = made(shape, Product.GRAD_WEIGHT, dbias != 0);
    if (made == null) {
      return fallback.bindGradWeight(shape, x, dy, dw, dbias);
    }
    boolean same = made.weight().equals(made.dense());
    long copy = same ? dw : primitives.memory().take(made.weight().get_size());
    List<Operand> operands = new ArrayList<>();
    operands.add(new Operand(dnnl.DNNL_ARG_SRC, layout(shape, Product.GRAD_WEIGHT).input(), x));
    operands.add(
        new Operand(dnnl.DNNL_ARG_DIFF_DST, layout(shape, Product.GRAD_WEIGHT).output(), dy));
    operands.add(new Operand(dnnl.DNNL_ARG_DIFF_WEIGHTS, made.weight(), copy));
    if (dbias != 0) {
      operands.add(
          new Operand(dnnl.DNNL_ARG_DIFF_BIAS, layout(shape, Product.GRAD_WEIGHT).bias(), dbias));
    }
    KernelCall product = call(made, operands);
    if (same) {
      return product;
    }
    KernelCall reorder = primitives.reorder(made.weight(), copy, made.dense(), dw);
    return () -> {
      product.run();
      reorder.run();
    };
  }

  private KernelCall call(Made made, List<Operand> operands) {
    return primitives.call(
        "a convolution", made.run(), made.description().scratchpad_desc(), operands);
  }

  /**
   * Measured on Xeons with tile units (3 to 10 times as fast), with {@code vdpbf16ps} alone (0.6
   * times) and on Zen 4 (twice as fast). A gradient of weights that reads few channels fills no
   * tile, and depthwise products have no tiles at all: one of them takes 80 times as long.
   */
  @Override
  public boolean prefersRounded(ConvolutionShape shape, Product product) {
    int channels = shape.channels() / shape.groups();
    return OneDnn.fastBfloat16()
        && channels > (product == Product.GRAD_WEIGHT ? FEW_FOR_TILES : 1)
        && made(shape.of(DType.BFLOAT16), product, false) != null;
  }

  @Override
  public String describe(ConvolutionShape shape, Product product) {
    if (product == Product.GRAD_INPUT && NativeConvolution.gradInputFits(shape)) {
      return "own, runs of lines";
    }
    Made made = made(shape, product, false);
    return made == null
        ? fallback.describe(shape, product)
        : "onednn " + made.description().impl_info_str().getString();
  }

  private @Nullable Made made(ConvolutionShape given, Product product, boolean bias) {
    ConvolutionShape s = planar(given);
    String key = product + (bias ? "+bias " : " ") + s;
    return primitives.cached(key, Choice.class, () -> create(s, product, bias)).made();
  }

  private Choice create(ConvolutionShape s, Product product, boolean bias) {
    Layout l = layout(s, product);
    // The forward product that a gradient belongs to has one type throughout: with the gradient's
    // own types oneDNN finds no such product and offers no gradient.
    Layout hint =
        product == Product.FORWARD ? l : create(s, s.operands(), s.operands(), s.operands());
    memory.desc none = primitives.keep(new memory.desc());
    memory.desc row = bias ? l.bias() : none;
    convolution_forward.primitive_desc forward =
        new convolution_forward.primitive_desc(
            primitives.cpu(),
            dnnl.prop_kind.forward_training,
            dnnl.algorithm.convolution_direct,
            hint.input(),
            hint.anyWeight(),
            product == Product.FORWARD ? row : none,
            hint.output(),
            l.stride(),
            l.dilation(),
            l.low(),
            l.high(),
            primitives.attributes(),
            true);
    primitives.keep(forward);
    if (forward.isNull() || forward.get(true) == null) {
      return new Choice(null);
    }
    primitive_desc description = forward;
    if (product == Product.GRAD_INPUT) {
      description =
          primitives.keep(
              new convolution_backward_data.primitive_desc(
                  primitives.cpu(),
                  dnnl.algorithm.convolution_direct,
                  l.input(),
                  l.anyWeight(),
                  l.output(),
                  l.stride(),
                  l.dilation(),
                  l.low(),
                  l.high(),
                  forward,
                  primitives.attributes(),
                  true));
    } else if (product == Product.GRAD_WEIGHT) {
      description =
          primitives.keep(
              new convolution_backward_weights.primitive_desc(
                  primitives.cpu(),
                  dnnl.algorithm.convolution_direct,
                  l.input(),
                  l.anyWeight(),
                  row,
                  l.output(),
                  l.stride(),
                  l.dilation(),
                  l.low(),
                  l.high(),
                  forward,
                  primitives.attributes(),
                  true));
    }
    if (description.get(true) == null
        || description.impl_info_str().getString().startsWith("ref")) {
      return new Choice(null);
    }
    memory.desc weight =
        primitives.keep(
            product == Product.GRAD_WEIGHT
                ? description.diff_weights_desc()
                : description.weights_desc());
    return new Choice(
        new Made(primitives.keep(primitive(description)), description, weight, l.weight()));
  }

  private static primitive primitive(primitive_desc description) {
    if (description instanceof convolution_forward.primitive_desc forward) {
      return new convolution_forward(forward);
    }
    return description instanceof convolution_backward_data.primitive_desc data
        ? new convolution_backward_data(data)
        : new convolution_backward_weights(
            (convolution_backward_weights.primitive_desc) description);
  }

  /** One axis becomes two: oneDNN's fast kernels are those of images. */
  private static ConvolutionShape planar(ConvolutionShape s) {
    if (s.window().rank() != 1) {
      return s;
    }
    Window w = s.window();
    Window two =
        new Window(
            new int[] {1, w.kernel(0)},
            new int[] {1, w.stride(0)},
            new int[] {1, w.dilation(0)},
            new int[] {0, w.low(0)},
            new int[] {0, w.high(0)});
    return new ConvolutionShape(
        Shape.of(s.batch(), 1, s.input().dim(1), s.channels()),
        Shape.of(1, s.weight().dim(0), s.weight().dim(1), s.outputs()),
        two,
        s.groups(),
        s.operands());
  }

  private Layout layout(ConvolutionShape given, Product product) {
    ConvolutionShape s = planar(given);
    DType in = product == Product.GRAD_INPUT ? DType.FLOAT32 : s.operands();
    DType weight = product == Product.GRAD_WEIGHT ? DType.FLOAT32 : s.operands();
    DType out = product == Product.FORWARD ? DType.FLOAT32 : s.operands();
    return primitives.cached(
        "layout " + product + s, Layout.class, () -> create(s, in, weight, out));
  }

  private Layout create(ConvolutionShape s, DType in, DType weight, DType out) {
    int axes = s.window().rank();
    int groups = s.groups();
    long perGroup = s.outputs() / groups;
    long channels = s.channels() / groups;
    boolean grouped = groups > 1;
    int lead = grouped ? 3 : 2;
    long[] dims = new long[lead + axes];
    long[] strides = new long[lead + axes];
    if (grouped) {
      dims[0] = groups;
      strides[0] = perGroup;
    }
    dims[lead - 2] = perGroup;
    strides[lead - 2] = 1;
    dims[lead - 1] = channels;
    strides[lead - 1] = s.outputs();
    long step = channels * s.outputs();
    for (int i = axes - 1; i >= 0; i--) {
      dims[lead + i] = s.window().kernel(i);
      strides[lead + i] = step;
      step *= s.window().kernel(i);
    }
    long[] dilation = new long[axes];
    long[] stride = new long[axes];
    long[] low = new long[axes];
    long[] high = new long[axes];
    Shape output = s.output();
    for (int i = 0; i < axes; i++) {
      stride[i] = s.window().stride(i);
      dilation[i] = s.window().dilation(i) - 1L;
      low[i] = s.window().low(i);
      // What the last step does not reach is not part of the padding for oneDNN.
      high[i] =
          (output.dim(i + 1) - 1) * stride[i]
              + s.window().extent(i)
              - s.input().dim(i + 1)
              - low[i];
    }
    return new Layout(
        image(s.input(), in),
        image(output, out),
        primitives.anyLayout(weight, dims),
        primitives.tensor(weight, dims, strides),
        primitives.tensor(DType.FLOAT32, new long[] {s.outputs()}, 1),
        stride,
        dilation,
        low,
        high);
  }

  /** [N, spatial..., C] in oneDNN's order of axes, channels last in memory. */
  private memory.desc image(Shape shape, DType type) {
    int rank = shape.rank();
    long[] dims = new long[rank];
    long[] strides = new long[rank];
    dims[0] = shape.dim(0);
    dims[1] = shape.dim(-1);
    strides[1] = 1;
    long step = shape.dim(-1);
    for (int i = rank - 1; i >= 2; i--) {
      dims[i] = shape.dim(i - 1);
      strides[i] = step;
      step *= dims[i];
    }
    strides[0] = step;
    return primitives.tensor(type, dims, strides);
  }
}
