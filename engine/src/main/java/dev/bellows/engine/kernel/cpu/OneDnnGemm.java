package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link Gemm} by oneDNN. A transposed operand is a matter of strides. One stream per session, a
 * scratch pad that the session owns (a library-owned one must not be used by two threads), and
 * argument lists made at bind time: a run is one native call.
 */
final class OneDnnGemm implements Gemm, AutoCloseable {
  private static final int ARGUMENTS = 5;

  private final SessionMemory session;
  private final engine cpu;
  private final stream queue;
  private final dnnl_stream queueHandle;
  private final primitive_attr attributes;

  /** Products by shape and bias; the same primitive serves many addresses. */
  private final Map<String, Product> products = new HashMap<>();

  /** Everything native that calls refer to: JavaCPP frees what is not reachable. */
  private final List<Pointer> kept = new ArrayList<>();

  private record Product(
      matmul.primitive_desc description, matmul primitive, dnnl_primitive handle) {}

  OneDnnGemm(SessionMemory session) {
    this.session = session;
    this.cpu = new engine(engine.kind.cpu, 0);
    this.queue = new stream(cpu);
    this.queueHandle = queue.get();
    this.attributes = new primitive_attr();
    attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
  }

  @Override
  public KernelCall bind(GemmShape shape, long a, long b, long bias, long c) {
    Product product = product(shape, bias != 0);
    dnnl_exec_arg_t arguments = keep(new dnnl_exec_arg_t(ARGUMENTS));
    matmul.primitive_desc description = product.description();
    int count = 0;
    argument(arguments, count++, dnnl.DNNL_ARG_SRC, description.src_desc(), a);
    argument(arguments, count++, dnnl.DNNL_ARG_WEIGHTS, description.weights_desc(), b);
    argument(arguments, count++, dnnl.DNNL_ARG_DST, description.dst_desc(), c);
    if (bias != 0) {
      argument(arguments, count++, dnnl.DNNL_ARG_BIAS, description.bias_desc(), bias);
    }
    memory.desc scratch = description.scratchpad_desc();
    if (scratch.get_size() > 0) {
      long address = session.scratch(scratch.get_size());
      argument(arguments, count++, dnnl.DNNL_ARG_SCRATCHPAD, scratch, address);
    }
    arguments.position(0);
    int used = count;
    dnnl_primitive handle = product.handle();
    return () -> {
      int status = dnnl.dnnl_primitive_execute(handle, queueHandle, used, arguments);
      if (status != 0) {
        throw new IllegalStateException(
            "oneDNN refused matrix product " + shape + " with status " + status);
      }
    };
  }

  private void argument(
      dnnl_exec_arg_t arguments, int position, int kind, memory.desc description, long address) {
    memory operand = keep(new memory(description, cpu, new Address(address)));
    keep(description);
    arguments.position(position).arg(kind).memory(keep(operand.get()));
  }

  private Product product(GemmShape s, boolean bias) {
    return products.computeIfAbsent(s + (bias ? "+bias" : ""), key -> create(s, bias));
  }

  private Product create(GemmShape s, boolean bias) {
    memory.data_type operands =
        s.operands() == DType.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
    memory.desc a = matrix(s.m(), s.k(), s.transA(), operands);
    memory.desc b = matrix(s.k(), s.n(), s.transB(), operands);
    memory.desc c = matrix(s.m(), s.n(), false, memory.data_type.f32);
    matmul.primitive_desc description;
    if (bias) {
      memory.desc row = matrix(1, s.n(), false, memory.data_type.f32);
      description = new matmul.primitive_desc(cpu, a, b, row, c, attributes, false);
      keep(row);
    } else {
      description = new matmul.primitive_desc(cpu, a, b, c, attributes, false);
    }
    keep(a);
    keep(b);
    keep(c);
    matmul primitive = keep(new matmul(keep(description)));
    return new Product(description, primitive, keep(primitive.get()));
  }

  private static memory.desc matrix(
      long rows, long cols, boolean transposed, memory.data_type type) {
    return new memory.desc(
        new long[] {rows, cols}, type, transposed ? new long[] {1, rows} : new long[] {cols, 1});
  }

  @Override
  public String describe(GemmShape shape) {
    return "onednn " + product(shape, false).description().impl_info_str().getString();
  }

  private <T extends Pointer> T keep(T pointer) {
    kept.add(pointer);
    return pointer;
  }

  @Override
  public void close() {
    products.clear();
    for (int i = kept.size() - 1; i >= 0; i--) {
      kept.get(i).deallocate();
    }
    kept.clear();
    attributes.deallocate();
    queueHandle.deallocate();
    queue.deallocate();
    cpu.deallocate();
  }

  /** A pointer to memory that JavaCPP does not own. */
  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }
}
