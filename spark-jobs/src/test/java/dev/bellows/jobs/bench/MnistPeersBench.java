package dev.bellows.jobs.bench;

import dev.bellows.jobs.Console;
import dev.bellows.jobs.cluster.SparkSettings;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.classification.MultilayerPerceptronClassificationModel;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The MNIST network (784-256-128-10) on two tasks, against Spark MLlib's
 * MultilayerPerceptronClassifier on the same rows and layers in the same session.
 *
 * <p>Arguments: the data folder, the epochs of our side, then maxIter values for MLlib. Prints for
 * each side seconds to 0.97 test accuracy and samples per second of a pass over the rows (for MLlib
 * a pass is a job of the fit: each evaluation of loss and gradient is one; the pass rate comes from
 * the difference of the longest and the shortest fit, so that what a fit does once is left out).
 * Test rows stand in for validation rows only to time both sides to the same accuracy; nothing is
 * chosen by them.
 */
public final class MnistPeersBench {
  private static final double GOAL = 0.97;

  private MnistPeersBench() {}

  /** Runs both sides in {@code local[2]}. */
  public static void main(String[] args) throws Exception {
    SparkConf conf =
        SparkSettings.apply(new SparkConf().setMaster("local[2]").setAppName("mnist-peers"));
    SparkSession spark =
        SparkSession.builder().config(conf.set("spark.ui.enabled", "false")).getOrCreate();
    Path data = Path.of(args[0]);
    int epochs = Integer.parseInt(args[1]);
    for (String precision : List.of("float32", "bfloat16")) {
      bellows(spark, data, epochs, 128, precision, true);
      bellows(spark, data, epochs, 1024, precision, true);
      bellows(spark, data, epochs, 128, precision, false);
      bellows(spark, data, epochs, 1024, precision, false);
    }
    mllib(spark, data, args);
    spark.stop();
  }

  private static void bellows(
      SparkSession spark, Path data, int epochs, int batch, String precision, boolean scored)
      throws Exception {
    Path dir = Files.createTempDirectory("mnist-peers");
    List<String> sets =
        new ArrayList<>(
            List.of(
                "trainer.epochs=" + epochs,
                "trainer.batch_size=" + batch,
                "trainer.optimizer={adam: {learning_rate: " + (batch > 500 ? 0.003 : 0.001) + "}}",
                "trainer.schedule={constant: {}}",
                "distributed.slices=8",
                "trainer.precision=" + precision,
                "data.train.images=" + data.resolve("train-images-idx3-ubyte.gz"),
                "data.train.labels=" + data.resolve("train-labels-idx1-ubyte.gz"),
                "output.dir=" + dir.resolve("run")));
    if (scored) {
      sets.add(
          "data.validation={format: idx, images: "
              + data.resolve("t10k-images-idx3-ubyte.gz")
              + ", labels: "
              + data.resolve("t10k-labels-idx1-ubyte.gz")
              + "}");
    } else {
      sets.add("trainer.checkpoint={every: null}");
      sets.add("trainer.early_stopping=null");
    }
    Loaded loaded = ConfigLoader.parse(CONFIG, sets);
    RunFolder folder =
        RunFolder.create(
            dir.resolve("run"),
            new RunFolder.Options(
                CONFIG, loaded.resolvedYaml(), List.of("bench"), false, false, Clock.systemUTC()));
    long start = System.nanoTime();
    TrainOutcome outcome = TrainJob.run(spark, loaded.config(), folder, Console.silent());
    double whole = (System.nanoTime() - start) * 1e-9;
    List<String> lines = Files.readAllLines(dir.resolve("run/history.csv"));
    List<String> header = List.of(lines.get(0).split(","));
    double elapsed = 0;
    double toGoal = Double.NaN;
    List<Double> seconds = new ArrayList<>();
    double best = 0;
    for (String line : lines.subList(1, lines.size())) {
      String[] row = line.split(",");
      double s = Double.parseDouble(row[header.indexOf("seconds")]);
      double accuracy = scored ? Double.parseDouble(row[header.indexOf("val_accuracy")]) : 0;
      seconds.add(s);
      elapsed += s;
      best = Math.max(best, accuracy);
      if (Double.isNaN(toGoal) && accuracy >= GOAL) {
        toGoal = elapsed;
      }
    }
    seconds.sort(null);
    double median = seconds.get(seconds.size() / 2);
    System.out.printf(
        "bellows batch %d %s%s: %.2f s to %.2f test accuracy, median epoch %.2f s = %.0f samples/s, whole job %.1f s, best %.4f, sha256 %.12s%n",
        batch,
        precision,
        scored ? ", scored and saved each epoch" : ", training alone",
        toGoal,
        GOAL,
        median,
        60000 / median,
        whole,
        best,
        outcome.sha256());
  }

  private static void mllib(SparkSession spark, Path data, String[] args) throws Exception {
    Dataset<Row> train = MnistRows.read(spark, data, "train", 2);
    Dataset<Row> test = MnistRows.read(spark, data, "t10k", 2);
    AtomicInteger jobs = new AtomicInteger();
    spark
        .sparkContext()
        .addSparkListener(
            new SparkListener() {
              @Override
              public void onJobEnd(SparkListenerJobEnd end) {
                jobs.incrementAndGet();
              }
            });
    double firstSeconds = 0;
    int firstJobs = 0;
    for (int i = 2; i < args.length; i++) {
      MultilayerPerceptronClassifier mlp =
          new MultilayerPerceptronClassifier()
              .setLayers(new int[] {784, 256, 128, 10})
              .setMaxIter(Integer.parseInt(args[i]))
              .setTol(1e-9)
              .setSeed(7);
      jobs.set(0);
      long start = System.nanoTime();
      MultilayerPerceptronClassificationModel model = mlp.fit(train);
      double seconds = (System.nanoTime() - start) * 1e-9;
      Thread.sleep(300); // the listener bus is asynchronous
      int passes = jobs.get();
      double accuracy =
          new MulticlassClassificationEvaluator()
              .setMetricName("accuracy")
              .evaluate(model.transform(test));
      if (i == 2) {
        firstSeconds = seconds;
        firstJobs = passes;
      }
      System.out.printf(
          "mllib l-bfgs maxIter %s: fit %.1f s, %d passes, %.0f samples/s per pass over the fit, %.0f without what a fit does once, test accuracy %.4f%n",
          args[i],
          seconds,
          passes,
          passes * 60000.0 / seconds,
          (passes - firstJobs) * 60000.0 / (seconds - firstSeconds),
          accuracy);
    }
  }

  private static final String CONFIG =
      """
      version: 1
      task: classification
      seed: 7
      data:
        train: {format: idx, images: x, labels: y}
      features: {image: {type: image, scale: unit}}
      target: {name: label, classes: 10}
      model:
        type: network
        layers: [{dense: {units: 256, activation: relu}}, {dense: {units: 128, activation: relu}}, {dense: {units: 10}}]
      trainer: {epochs: 5, batch_size: 128}
      output: {dir: runs/x, report: false}
      """;
}
