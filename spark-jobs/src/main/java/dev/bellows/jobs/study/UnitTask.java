package dev.bellows.jobs.study;

import dev.bellows.engine.sample.split.Role;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.train.LocalTraining;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.broadcast.Broadcast;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * Runs the units of a task, one after the other. What goes wrong in a unit is its result; only a
 * process that dies, or rows that are lost, end the task.
 */
final class UnitTask extends AbstractFunction1<Iterator<Unit>, UnitResult[]>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Times that a unit is started: one that takes its process with it each time is not tried for
   * ever. Processes end for other reasons, too, so it is more than two.
   */
  private static final int MOST_ATTEMPTS = 3;

  private final String application;
  private final int rows;
  private final Broadcast<FoldTable> folds;
  private final Map<String, Broadcast<StudyRows.Fit>> fits;
  private final long mostMillis;

  /**
   * @param application id of the Spark application
   * @param rows id of the cached rows
   * @param fits fit of each prefix and split, by {@link #fit}
   * @param mostMillis longest time of a unit; 0: any
   */
  UnitTask(
      String application,
      int rows,
      Broadcast<FoldTable> folds,
      Map<String, Broadcast<StudyRows.Fit>> fits,
      long mostMillis) {
    this.application = application;
    this.rows = rows;
    this.folds = folds;
    this.fits = fits;
    this.mostMillis = mostMillis;
  }

  /** Key of a fit. */
  static String fit(int prefix, int split) {
    return prefix + "/" + split;
  }

  @Override
  public UnitResult[] apply(Iterator<Unit> units) {
    TaskContext context = TaskContext.get();
    Block block = SharedBlock.get(application, rows);
    List<UnitResult> results = new ArrayList<>();
    while (units.hasNext()) {
      Unit unit = units.next();
      if (context.attemptNumber() >= MOST_ATTEMPTS) {
        results.add(
            UnitResult.failed(
                unit,
                UnitResult.State.MEMORY,
                "its process ended " + context.attemptNumber() + " times while it ran",
                0));
      } else {
        results.add(run(unit, block, context));
      }
    }
    return results.toArray(new UnitResult[0]);
  }

  private UnitResult run(Unit unit, Block block, TaskContext context) {
    long began = System.nanoTime();
    long until = mostMillis == 0 ? Long.MAX_VALUE : began + mostMillis * 1_000_000;
    try {
      Broadcast<StudyRows.Fit> fit = fits.get(fit(unit.prefix(), unit.split()));
      if (fit == null) {
        throw new IllegalStateException("nothing was fitted for " + unit);
      }
      FoldTable table = folds.value();
      UnitRun run =
          new UnitRun(
              unit,
              fit.value(),
              block,
              table.rows(unit.split(), Role.TRAIN),
              table.rows(unit.split(), Role.VALIDATION));
      return run.run(() -> context.isInterrupted() || System.nanoTime() - until > 0);
    } catch (LocalTraining.Cancelled e) {
      if (context.isInterrupted()) {
        throw new TaskKilledException("stopped by the driver");
      }
      return UnitResult.failed(
          unit, UnitResult.State.TIMEOUT, "took longer than " + mostMillis + " ms", since(began));
    } catch (BellowsException e) {
      UnitResult.State state =
          e.exitCode() == ExitCode.DIVERGED
              ? UnitResult.State.DIVERGED
              : e.exitCode() == ExitCode.MEMORY_OR_DISK
                  ? UnitResult.State.MEMORY
                  : UnitResult.State.ERROR;
      return UnitResult.failed(unit, state, String.valueOf(e.getMessage()), since(began));
    } catch (OutOfMemoryError e) {
      return UnitResult.failed(
          unit, UnitResult.State.MEMORY, String.valueOf(e.getMessage()), since(began));
    } catch (RuntimeException | StackOverflowError e) {
      return UnitResult.failed(unit, UnitResult.State.ERROR, e.toString(), since(began));
    }
  }

  private static long since(long began) {
    return (System.nanoTime() - began) / 1_000_000;
  }
}
