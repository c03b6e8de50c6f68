package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.jobs.RealData;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.InProcessConnector;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.PsRows;
import dev.bellows.ps.client.PsTables;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.RowSet;
import dev.bellows.ps.shard.RowStart;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.SparseSum;
import dev.bellows.ps.shard.TreeSum;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * A factorisation model (S. Rendle, "Factorization machines", ICDM 2010, with the fields user and
 * film) straight on the parameter server: bias and factors of a user or film are a row of a sparse
 * table, the common bias is the dense vector. Gradients are written out by hand.
 */
class FactorisationTest {
  private static final int FACTORS = 16;
  private static final int WIDTH = 1 + FACTORS;
  private static final int BATCH = 256;
  private static final int SLICES = 8;
  private static final long SEED = 11;
  private static final long FILMS = 1L << 32;

  private record Rating(long user, long film, float stars) {}

  /** Ratings that are learnt and those that are not: every tenth by the hash of its line. */
  private record Data(List<Rating> train, List<Rating> test) {
    static Data read() throws IOException {
      Data data = new Data(new ArrayList<>(), new ArrayList<>());
      long line = 0;
      for (String text :
          Files.readAllLines(RealData.file("movielens-100k/u.data"), StandardCharsets.UTF_8)) {
        String[] cells = text.split("\t");
        Rating rating =
            new Rating(
                Long.parseLong(cells[0]),
                FILMS + Long.parseLong(cells[1]),
                Float.parseFloat(cells[2]));
        boolean out = Mix64.unit(Mix64.mix(SEED, Purpose.HOLDOUT, line++)) < 0.1;
        (out ? data.test : data.train).add(rating);
      }
      return data;
    }
  }

  private static UpdateSpec update(int width) {
    // rows: rate 0.01 and penalty 0.08 per rating, which is divided by the batch like all gradients
    return new UpdateSpec(
        OptimizerSpec.of(OptimizerSpec.Kind.SGD, width == 1 ? 0.05 : 0.01 * BATCH),
        ScheduleSpec.cosine(0.1),
        0,
        width == 1 ? 0 : 0.08 / BATCH,
        0,
        0,
        NanPolicy.STOP,
        List.of(UpdateSpec.Range.trainable(0, width, true)));
  }

  /** One training over some epochs, and what it left. */
  private static final class Training {
    final Data data;
    final int stepsPerEpoch;
    final long steps;
    final int shards;
    final TableSpec table;
    final ClientOptions options;

    Training(Data data, int epochs, int shards) {
      this.data = data;
      this.stepsPerEpoch = data.train.size() / BATCH;
      this.steps = (long) stepsPerEpoch * epochs;
      this.shards = shards;
      this.table =
          new TableSpec(
              WIDTH,
              16,
              SLICES,
              stepsPerEpoch,
              steps,
              10_000,
              RowStart.Kind.NORMAL.wire(),
              0.05f,
              SEED,
              update(WIDTH).encode());
      this.options =
          ClientOptions.of(
                  "ratings",
                  1,
                  ShardMap.of(1, shards),
                  Collections.nCopies(shards, ShardAddress.LOCAL))
              .deadlines(Duration.ofSeconds(60), Duration.ofSeconds(20));
    }

    /** The ratings of a slice: a function of step and slice alone. */
    List<Rating> slice(long step, int slice) {
      List<Rating> all = new ArrayList<>();
      int n = data.train.size();
      long epoch = step / stepsPerEpoch;
      long stride = 2 * (Mix64.mix(SEED, Purpose.ORDER, epoch) >>> 40) + 1;
      while (gcd(stride, n) != 1) {
        stride += 2;
      }
      for (int i = 0; i < BATCH / SLICES; i++) {
        long at = (step % stepsPerEpoch) * BATCH + (long) slice * (BATCH / SLICES) + i;
        all.add(data.train.get((int) (at * stride % n)));
      }
      return all;
    }

    private static long gcd(long a, long b) {
      return b == 0 ? a : gcd(b, a % b);
    }

    void task(int from, int to, InProcessConnector connector) {
      ClientOptions own = options.task(from, "task " + from, from, to);
      try (PsClient dense = PsClient.open(own, connector);
          PsRows sparse = PsRows.open(own, List.of(table), connector)) {
        float[] bias = new float[1];
        dense.pull(bias);
        TreeSum sums = new TreeSum(SLICES, 1);
        while (dense.version() < steps) {
          long step = dense.version();
          List<Rating> batch = new ArrayList<>();
          for (int slice = from; slice < to; slice++) {
            batch.addAll(slice(step, slice));
          }
          RowSet set = keys(batch);
          float[] rows = new float[set.size() * WIDTH];
          sparse.pull(step, List.of(set.keys()), List.of(rows));
          SparseSum.Rows all = new SparseSum.Rows(set.keys(), rows);
          SparseSum gradients = new SparseSum(SLICES, WIDTH);
          for (int slice = from; slice < to; slice++) {
            gradient(slice(step, slice), slice, bias[0], all, sums, gradients);
          }
          sparse.push(step, List.of(gradients));
          dense.pushPull(sums, bias);
          sums.clear();
        }
      }
    }

    private static RowSet keys(List<Rating> ratings) {
      long[] keys = new long[2 * ratings.size()];
      for (int i = 0; i < ratings.size(); i++) {
        keys[2 * i] = ratings.get(i).user;
        keys[2 * i + 1] = ratings.get(i).film;
      }
      return RowSet.of(keys);
    }

    private static void gradient(
        List<Rating> ratings,
        int slice,
        float bias,
        SparseSum.Rows rows,
        TreeSum dense,
        SparseSum sparse) {
      RowSet set = keys(ratings);
      float[] gradient = new float[set.size() * WIDTH];
      double loss = 0;
      float[] common = new float[1];
      float[] w = rows.values();
      for (int i = 0; i < ratings.size(); i++) {
        int u = rows.find(ratings.get(i).user) * WIDTH;
        int f = rows.find(ratings.get(i).film) * WIDTH;
        float error = score(bias, w, u, f) - ratings.get(i).stars;
        loss += 0.5 * error * error;
        common[0] += error;
        int gu = set.positions()[2 * i] * WIDTH;
        int gf = set.positions()[2 * i + 1] * WIDTH;
        gradient[gu] += error;
        gradient[gf] += error;
        for (int k = 1; k < WIDTH; k++) {
          gradient[gu + k] += error * w[f + k];
          gradient[gf + k] += error * w[u + k];
        }
      }
      double n = ratings.size();
      dense.add(slice, common, new double[] {n, loss, 0, n}, true);
      sparse.add(slice, set.keys(), gradient, n, true);
    }

    private static float score(float bias, float[] w, int u, int f) {
      float sum = bias + w[u] + w[f];
      for (int k = 1; k < WIDTH; k++) {
        sum += w[u + k] * w[f + k];
      }
      return sum;
    }

    /** Trains with some tasks; returns the bias and then the rows of the held-out ratings. */
    float[] run(int tasks) throws Exception {
      ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
      try (InProcessConnector connector = new InProcessConnector(server);
          PsControl control = PsControl.open(options, connector);
          PsTables tables = PsTables.open(options, List.of(table), connector)) {
        control.create(new RunPlan(update(1).encode(), SLICES, stepsPerEpoch, steps, 100, 0));
        control.put(0, new float[] {3});
        tables.create();
        tables.seal(0);
        control.seal(0);
        train(tasks, connector);
        control.snapshot(steps);
        float[] bias = new float[1];
        control.read(steps, 0, bias);
        RowSet set = keys(data.test);
        float[] rows = new float[set.size() * WIDTH];
        try (PsRows sparse = PsRows.open(options, List.of(table), connector)) {
          sparse.pull(steps, List.of(set.keys()), List.of(rows));
        }
        float[] all = Arrays.copyOf(bias, 1 + rows.length);
        System.arraycopy(rows, 0, all, 1, rows.length);
        return all;
      }
    }

    private void train(int tasks, InProcessConnector connector) throws Exception {
      ExecutorService threads = Executors.newFixedThreadPool(tasks);
      try {
        List<Future<?>> all = new ArrayList<>();
        for (int t = 0; t < tasks; t++) {
          int from = SLICES * t / tasks;
          int to = SLICES * (t + 1) / tasks;
          all.add(threads.submit(() -> task(from, to, connector)));
        }
        for (Future<?> one : all) {
          one.get();
        }
      } finally {
        threads.shutdownNow();
      }
    }

    double rmse(float[] model) {
      SparseSum.Rows rows =
          new SparseSum.Rows(keys(data.test).keys(), Arrays.copyOfRange(model, 1, model.length));
      double squares = 0;
      for (Rating rating : data.test) {
        float score =
            score(
                model[0],
                rows.values(),
                rows.find(rating.user) * WIDTH,
                rows.find(rating.film) * WIDTH);
        double error = Math.max(1, Math.min(5, score)) - rating.stars;
        squares += error * error;
      }
      return Math.sqrt(squares / data.test.size());
    }
  }

  @Test
  void ratingsAreLearntToTheErrorOfTheLiterature() throws Exception {
    Training training = new Training(Data.read(), 30, 2);
    double rmse = training.rmse(training.run(1));
    System.getLogger("FactorisationTest").log(System.Logger.Level.INFO, "RMSE " + rmse);
    assertThat(rmse).isLessThan(0.95).isGreaterThan(0.8);
  }

  @Test
  void theModelIsTheSameForAnyNumberOfTasksAndShards() throws Exception {
    Data data = Data.read();
    float[] one = new Training(data, 1, 1).run(1);
    assertThat(new Training(data, 1, 3).run(2)).isEqualTo(one);
    assertThat(new Training(data, 1, 2).run(3)).isEqualTo(one);
  }
}
