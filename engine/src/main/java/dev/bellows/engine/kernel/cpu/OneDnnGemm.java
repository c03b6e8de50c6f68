package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.cpu.OneDnnPrimitives.Operand;
import dev.bellows.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;

/** {@link Gemm} by oneDNN. A transposed operand is a matter of strides. */
final class OneDnnGemm implements Gemm {
  private final OneDnnPrimitives primitives;

  /** A primitive serves many addresses. */
  private record Product(matmul.primitive_desc description, matmul primitive) {}

  OneDnnGemm(OneDnnPrimitives primitives) {
    this.primitives = primitives;
  }

  @Override
  public KernelCall bind(GemmShape shape, long a, long b, long bias, long c) {
    Product product = product(shape, bias != 0);
    matmul.primitive_desc description = product.description();
    List<Operand> operands = new ArrayList<>();
    operands.add(new Operand(dnnl.DNNL_ARG_SRC, description.src_desc(), a));
    operands.add(new Operand(dnnl.DNNL_ARG_WEIGHTS, description.weights_desc(), b));
    operands.add(new Operand(dnnl.DNNL_ARG_DST, description.dst_desc(), c));
    if (bias != 0) {
      operands.add(new Operand(dnnl.DNNL_ARG_BIAS, description.bias_desc(), bias));
    }
    return primitives.call(
        "matrix product " + shape, product.primitive(), description.scratchpad_desc(), operands);
  }

  private Product product(GemmShape s, boolean bias) {
    return primitives.cached(s + (bias ? "+bias" : ""), Product.class, () -> create(s, bias));
  }

  private Product create(GemmShape s, boolean bias) {
    memory.desc a = matrix(s.m(), s.k(), s.transA(), s.operands());
    memory.desc b = matrix(s.k(), s.n(), s.transB(), s.operands());
    memory.desc c = matrix(s.m(), s.n(), false, DType.FLOAT32);
    matmul.primitive_desc description;
    if (bias) {
      memory.desc row = matrix(1, s.n(), false, DType.FLOAT32);
      description =
          new matmul.primitive_desc(
              primitives.cpu(), a, b, row, c, primitives.attributes(), false);
    } else {
      description =
          new matmul.primitive_desc(primitives.cpu(), a, b, c, primitives.attributes(), false);
    }
    primitives.keep(description);
    return new Product(description, primitives.keep(new matmul(description)));
  }

  private memory.desc matrix(long rows, long cols, boolean transposed, DType type) {
    return transposed
        ? primitives.tensor(type, new long[] {rows, cols}, 1, rows)
        : primitives.tensor(type, new long[] {rows, cols}, cols, 1);
  }

  @Override
  public String describe(GemmShape shape) {
    return "onednn " + product(shape, false).description().impl_info_str().getString();
  }
}
