package dev.bellows.engine.kernel.cpu;

import java.util.Map;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;

/** Loads oneDNN once per JVM, with one OpenMP thread: a task is one thread of kernels. */
final class OneDnn {
  /** The names that oneDNN itself gives; newest first, aliases under the older name. */
  private static final Map<Integer, String> ISA_NAMES =
      Map.of(
          dnnl.dnnl_cpu_isa_avx10_2_512_amx_2, "avx10_2_512_amx_2",
          dnnl.dnnl_cpu_isa_avx10_2_512, "avx10_2_512",
          dnnl.dnnl_cpu_isa_avx512_core_amx_fp16, "avx512_core_amx_fp16",
          dnnl.dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx",
          dnnl.dnnl_cpu_isa_avx512_core_fp16, "avx512_core_fp16",
          dnnl.dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16",
          dnnl.dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni",
          dnnl.dnnl_cpu_isa_avx512_core, "avx512_core",
          dnnl.dnnl_cpu_isa_avx2_vnni, "avx2_vnni",
          dnnl.dnnl_cpu_isa_avx2, "avx2");

  private static final State STATE = load();

  /**
   * @param version like {@code 3.11.0}, empty when nothing was loaded
   */
  private record State(String version, String isa, String problem) {}

  private OneDnn() {}

  static boolean loaded() {
    return STATE.problem().isEmpty();
  }

  static String version() {
    return STATE.version();
  }

  /**
   * The instruction set that oneDNN uses, for example {@code avx512_core_bf16}; it decides about
   * bits.
   */
  static String isa() {
    return STATE.isa();
  }

  /**
   * Whether products of bfloat16 are faster than of float32: with tile units, or on AMD's
   * processors. Intel's without tiles have the instruction, at a third of the rate.
   */
  static boolean fastBfloat16() {
    return isa().contains("amx")
        || (isa().endsWith("bf16") && Processor.read().model().startsWith("AuthenticAMD"));
  }

  static String problem() {
    return STATE.problem();
  }

  private static State load() {
    if (NativeLibrary.loaded()) {
      // libgomp reads the variable when it loads, which is below.
      NativeOps.singleThreaded(1);
    }
    try {
      Loader.load(dnnl.class);
      dnnl_version_t version = dnnl.dnnl_version();
      return new State(
          version.major() + "." + version.minor() + "." + version.patch(),
          isaName(dnnl.dnnl_get_effective_cpu_isa()),
          "");
    } catch (LinkageError | RuntimeException e) {
      return new State("", "", "oneDNN did not load: " + e);
    }
  }

  private static String isaName(int isa) {
    return ISA_NAMES.getOrDefault(isa, "isa_0x" + Integer.toHexString(isa));
  }
}
