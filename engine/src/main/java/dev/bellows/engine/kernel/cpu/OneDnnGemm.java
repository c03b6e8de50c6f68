package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.BatchGemmShape;
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
    return bind(product(shape, bias != 0), shape, a, b, bias, c);
  }

  @Override
  public KernelCall bindBatch(BatchGemmShape shape, long a, long b, long c) {
    Product product = primitives.cached(shape.toString(), Product.class, () -> create(shape));
    return bind(product, shape, a, b, 0, c);
  }

  private KernelCall bind(Product product, Object shape, long a, long b, long bias, long c) {
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
    matmul.primitive_desc description = describe(s, bias);
    if (kernel(description).endsWith("avx2") && !OneDnn.isa().equals("avx2")) {
      description = newer(description, s, bias);
    }
    return new Product(description, primitives.keep(new matmul(description)));
  }

  /**
   * For some transposed products (a weight gradient of exactly 32 rows) oneDNN 3.11 offers its AVX2
   * kernel first on AVX-512 machines; the next on its list is 1.3 times faster.
   */
  private matmul.primitive_desc newer(matmul.primitive_desc first, GemmShape s, boolean bias) {
    matmul.primitive_desc next = describe(s, bias); // a copy would share its place in the list
    return next.next_impl() && kernel(next).startsWith("gemm:jit") ? next : first;
  }

  private static String kernel(matmul.primitive_desc description) {
    return description.impl_info_str().getString();
  }

  private matmul.primitive_desc describe(GemmShape s, boolean bias) {
    memory.desc a = matrix(s.m(), s.k(), s.transA(), s.operands());
    memory.desc b = matrix(s.k(), s.n(), s.transB(), s.operands());
    memory.desc c = matrix(s.m(), s.n(), false, DType.FLOAT32);
    if (!bias) {
      return primitives.keep(
          new matmul.primitive_desc(primitives.cpu(), a, b, c, primitives.attributes(), false));
    }
    memory.desc row = matrix(1, s.n(), false, DType.FLOAT32);
    return primitives.keep(
        new matmul.primitive_desc(primitives.cpu(), a, b, row, c, primitives.attributes(), false));
  }

  private Product create(BatchGemmShape shape) {
    GemmShape s = shape.product();
    memory.desc a = matrices(shape.leadingA(), s.m(), s.k(), s.transA(), s.operands());
    memory.desc b = matrices(shape.leadingB(), s.k(), s.n(), s.transB(), s.operands());
    memory.desc c = matrices(shape.leading(), s.m(), s.n(), false, DType.FLOAT32);
    matmul.primitive_desc description =
        new matmul.primitive_desc(primitives.cpu(), a, b, c, primitives.attributes(), false);
    primitives.keep(description);
    return new Product(description, primitives.keep(new matmul(description)));
  }

  /** Matrices behind each other; a leading axis of 1 is repeated by oneDNN. */
  private memory.desc matrices(
      int[] leading, long rows, long cols, boolean transposed, DType type) {
    int rank = leading.length + 2;
    long[] dims = new long[rank];
    long[] strides = new long[rank];
    dims[rank - 2] = rows;
    dims[rank - 1] = cols;
    strides[rank - 2] = transposed ? 1 : cols;
    strides[rank - 1] = transposed ? rows : 1;
    long stride = rows * cols;
    for (int i = leading.length - 1; i >= 0; i--) {
      dims[i] = leading[i];
      strides[i] = stride;
      stride *= leading[i];
    }
    return primitives.tensor(type, dims, strides);
  }

  private memory.desc matrix(long rows, long cols, boolean transposed, DType type) {
    return transposed
        ? primitives.tensor(type, new long[] {rows, cols}, 1, rows)
        : primitives.tensor(type, new long[] {rows, cols}, cols, 1);
  }

  @Override
  public String describe(GemmShape shape) {
    return "onednn " + kernel(product(shape, false).description());
  }
}
