package dev.bellows.jobs.train;

import dev.bellows.engine.plan.SanityChecks;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.RunConfig;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/** The {@link SanityChecks} of a configuration's network on some of its training rows. */
public final class SanityJob {
  /** Few enough to be learnt by heart, enough to hold several classes. */
  private static final int ROWS = 32;

  /** Most of them: the checks stop when the rows are learnt. */
  private static final int STEPS = 1000;

  private SanityJob() {}

  /**
   * Prepares the data as a training would, takes the first rows of the first data shard (rows are
   * dealt by a hash: these are a random draw), without random changes of images, and runs every
   * check on the driver.
   *
   * @return what was found, in the order in which it was looked at
   */
  public static List<SanityChecks.Finding> run(
      SparkSession session, RunConfig config, Console console) {
    try (Setup setup = Setup.of(session, config, GivenRows.NONE)) {
      Plan.print(setup, "", console);
      JavaRDD<Block> heads = setup.data().train().map(shard -> shard.block().first(ROWS));
      Block rows = heads.filter(block -> block.rows() > 0).first();
      BlockReader reader = new BlockReader(setup.data().preprocess());
      List<SanityChecks.Finding> findings =
          SanityChecks.run(
              setup.spec(),
              rows.rows(),
              batch -> reader.fill(rows, null, 0, rows.rows(), batch),
              setup.kernels(),
              config.seed(),
              STEPS);
      for (SanityChecks.Finding finding : findings) {
        String line = finding.check() + ": " + finding.message();
        if (finding.passed()) {
          console.more(line);
        } else {
          console.warn(line);
        }
      }
      return findings;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BellowsException(ExitCode.INTERRUPTED, "the checks were interrupted", e);
    }
  }
}
