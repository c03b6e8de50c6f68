package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * oneDNN primitives of one session: one engine and one stream, argument lists made at bind time so
 * that a run is one native call, and a scratch pad that the session owns (a library-owned one must
 * not be used by two threads). Everything native that calls refer to is kept until the session
 * closes: JavaCPP frees what is not reachable.
 */
final class OneDnnPrimitives implements AutoCloseable {
  /** An argument of a primitive: what it is, its layout and where it lies. */
  record Operand(int kind, memory.desc description, long address) {}

  private final SessionMemory session;
  private final engine cpu;
  private final stream queue;
  private final dnnl_stream queueHandle;
  private final primitive_attr attributes;
  private final Map<String, Object> cache = new HashMap<>();
  private final List<Pointer> kept = new ArrayList<>();

  OneDnnPrimitives(SessionMemory session) {
    this.session = session;
    this.cpu = new engine(engine.kind.cpu, 0);
    this.queue = new stream(cpu);
    this.queueHandle = queue.get();
    this.attributes = new primitive_attr();
    attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
  }

  engine cpu() {
    return cpu;
  }

  /** Attributes of a primitive without post-ops: the scratch pad is the session's. */
  primitive_attr attributes() {
    return attributes;
  }

  /** Memory of the session, for operands that no plan knows. */
  SessionMemory memory() {
    return session;
  }

  /** Keeps a native object alive until the session closes. */
  <T extends Pointer> T keep(T pointer) {
    kept.add(pointer);
    return pointer;
  }

  /** What was made for {@code key} before, or what {@code create} makes now. */
  <T> T cached(String key, Class<T> type, Supplier<T> create) {
    Object known = cache.get(key);
    if (known == null) {
      known = create.get();
      cache.put(key, known);
    }
    return type.cast(known);
  }

  /** A dense or strided tensor. */
  memory.desc tensor(DType type, long[] dims, long... strides) {
    return keep(new memory.desc(dims, dataType(type), strides));
  }

  /** A tensor whose layout the primitive chooses. */
  memory.desc anyLayout(DType type, long... dims) {
    return keep(new memory.desc(dims, dataType(type), memory.format_tag.any));
  }

  private static memory.data_type dataType(DType type) {
    return switch (type) {
      case FLOAT32 -> memory.data_type.f32;
      case BFLOAT16 -> memory.data_type.bf16;
      case INT32 -> memory.data_type.s32;
      case UINT8 -> memory.data_type.u8;
    };
  }

  /**
   * A call of {@code made}.
   *
   * @param what names the call in an error
   * @param scratch the primitive's scratch pad
   */
  KernelCall call(String what, primitive made, memory.desc scratch, List<Operand> operands) {
    dnnl_primitive handle = keep(made.get());
    dnnl_exec_arg_t arguments = keep(new dnnl_exec_arg_t(operands.size() + 1));
    int count = 0;
    for (Operand operand : operands) {
      argument(arguments, count++, operand);
    }
    if (scratch.get_size() > 0) {
      long address = session.scratch(scratch.get_size());
      argument(arguments, count++, new Operand(dnnl.DNNL_ARG_SCRATCHPAD, scratch, address));
    }
    arguments.position(0);
    int used = count;
    return () -> {
      int status = dnnl.dnnl_primitive_execute(handle, queueHandle, used, arguments);
      if (status != 0) {
        throw new IllegalStateException("oneDNN refused " + what + " with status " + status);
      }
    };
  }

  private void argument(dnnl_exec_arg_t arguments, int position, Operand operand) {
    memory.desc description = keep(operand.description());
    memory tensor = keep(new memory(description, cpu, new Address(operand.address())));
    arguments.position(position).arg(operand.kind()).memory(keep(tensor.get()));
  }

  /** A copy from one layout to another. */
  KernelCall reorder(memory.desc from, long source, memory.desc to, long target) {
    reorder.primitive_desc description =
        keep(new reorder.primitive_desc(cpu, from, cpu, to, attributes, false));
    List<Operand> operands =
        List.of(
            new Operand(dnnl.DNNL_ARG_SRC, from, source),
            new Operand(dnnl.DNNL_ARG_DST, to, target));
    return call(
        "a reorder", keep(new reorder(description)), description.scratchpad_desc(), operands);
  }

  @Override
  public void close() {
    cache.clear();
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
