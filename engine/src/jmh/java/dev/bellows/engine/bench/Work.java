package dev.bellows.engine.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What the calls of an iteration did; the report has it per second. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Work {
  /** Billions of multiplications and additions. */
  public double gflop;

  /** Billions of bytes read or written, each operand once. */
  public double gigabytes;

  /** Starts an iteration. */
  @Setup(Level.Iteration)
  public void clear() {
    gflop = 0;
    gigabytes = 0;
  }
}
