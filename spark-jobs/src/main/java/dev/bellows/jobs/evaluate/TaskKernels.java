package dev.bellows.jobs.evaluate;

import dev.bellows.engine.kernel.KernelProvider;

/** The kernels of a task: those of its driver, since others would give other bits. */
public final class TaskKernels {
  private TaskKernels() {}

  /**
   * Chooses the kernels of this process.
   *
   * @param preference name of a {@link KernelProvider.Preference}
   * @param driverId id of the kernels that the driver uses
   * @throws IllegalArgumentException when this machine has others; it says what to do
   */
  public static KernelProvider choose(String preference, String driverId) {
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.valueOf(preference));
    if (!kernels.id().equals(driverId)) {
      throw new IllegalArgumentException(
          "this executor has kernels "
              + kernels.id()
              + ", the driver has "
              + driverId
              + ": results would depend on where a task runs; set -Dbellows.kernels=plain for all,"
              + " or use machines of one kind");
    }
    return kernels;
  }
}
