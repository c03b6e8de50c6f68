package dev.bellows.engine.kernel;

import dev.bellows.engine.kernel.cpu.CpuKernels;
import dev.bellows.engine.kernel.plain.PlainKernels;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which kernels run: native CPU kernels where they load, plain Java everywhere else. A missing
 * library never fails a run unless {@link Preference#CPU} demands it. Safe for use by many threads;
 * each opens its own {@link Kernels}.
 */
public final class KernelProvider {
  /**
   * System property that overrides {@link Preference#AUTO}: {@code plain}, {@code cpu} or {@code
   * auto}.
   */
  public static final String PROPERTY = "bellows.kernels";

  private static final Logger LOG = LoggerFactory.getLogger(KernelProvider.class);

  /** What the caller asks for. */
  public enum Preference {
    /** The fastest that works here; the system property {@code bellows.kernels} overrides. */
    AUTO,
    /** Native CPU kernels; an error when they do not load. */
    CPU,
    /** Plain Java: slow, the same bits on every machine. */
    PLAIN;

    /**
     * The preference of this name, in any case.
     *
     * @throws IllegalArgumentException naming the choices
     */
    public static Preference of(String name) {
      for (Preference preference : values()) {
        if (preference.name().equals(name.toUpperCase(Locale.ROOT))) {
          return preference;
        }
      }
      throw new IllegalArgumentException(
          "kernels '" + name + "' do not exist; choose auto, cpu or plain");
    }
  }

  private final String id;
  private final Supplier<Kernels> sessions;

  private KernelProvider(String id, Supplier<Kernels> sessions) {
    this.id = id;
    this.sessions = sessions;
  }

  /**
   * Chooses and says in one log line what was chosen and, when slow, why and what to set.
   *
   * @throws IllegalStateException when {@link Preference#CPU} is asked for and a library does not
   *     load
   */
  public static KernelProvider choose(Preference preference) {
    Preference wanted =
        preference == Preference.AUTO
            ? Preference.of(System.getProperty(PROPERTY, "auto"))
            : preference;
    if (wanted == Preference.PLAIN) {
      LOG.info("Kernels: plain Java, as asked for; about 4 times slower than native ones");
      return plain();
    }
    boolean own = CpuKernels.ownKernels();
    boolean dnn = CpuKernels.oneDnn();
    String problem = CpuKernels.problem();
    if (wanted == Preference.CPU && !(own && dnn)) {
      throw new IllegalStateException(
          "native kernels were asked for ("
              + PROPERTY
              + "=cpu), but: "
              + problem
              + "; ask for 'auto' to run without them");
    }
    if (!own && !dnn) {
      LOG.warn(
          "Kernels: plain Java, about 4 times slower than native ones: {}. Use Linux on x86-64 with AVX2 and let"
              + " java.io.tmpdir be a folder from which libraries may be loaded",
          problem);
      return plain();
    }
    String id =
        (dnn ? CpuKernels.oneDnnId() : "plain") + "+" + (own ? CpuKernels.ownId() : "plain");
    if (own && dnn) {
      LOG.info("Kernels: {}, one thread per task", id);
    } else {
      LOG.warn("Kernels: {}; slower than possible: {}.{}", id, problem, threadsHint(own));
    }
    return new KernelProvider(id, () -> CpuKernels.open(PlainKernels::open));
  }

  private static KernelProvider plain() {
    return new KernelProvider("plain", PlainKernels::open);
  }

  /** Without our library nobody could set the variable before libgomp loaded. */
  private static String threadsHint(boolean own) {
    return own || "1".equals(System.getenv("OMP_NUM_THREADS"))
        ? ""
        : " Set OMP_NUM_THREADS=1 (spark.executorEnv.OMP_NUM_THREADS=1): oneDNN may use every core in every task now";
  }

  /**
   * Names the kernels and everything that decides about their bits; goes into a run's fingerprint.
   */
  public String id() {
    return id;
  }

  /** A new session for one thread. */
  public Kernels open() {
    return sessions.get();
  }
}
