package dev.bellows.jobs.config;

import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Free;
import dev.bellows.jobs.config.Words.Measure;
import dev.bellows.jobs.config.Words.OrNull;
import dev.bellows.jobs.config.Words.Word;
import java.util.List;

/** Keys of {@code trainer} and {@code distributed}. */
final class TrainerKeys {
  static final List<String> HISTORY =
      List.of(
          "loss",
          "accuracy",
          "mae",
          "val_loss",
          "val_accuracy",
          "val_mae",
          "val_log_loss",
          "train_loss");

  private TrainerKeys() {}

  static Section trainer() {
    Choice onNan =
        new Choice()
            .with(
                "stop",
                "The step is not applied, the run ends with exit 5, the last good checkpoint stays.")
            .with("skip", "The step is left out, so many times in all.", new Whole(1, 1_000_000));
    Section clip =
        new Section()
            .key(
                "value",
                new OrNull(Real.positive()),
                "null",
                "Clamp each element of the gradient to [-value, value].",
                "0.5")
            .key(
                "norm",
                new OrNull(Real.positive()),
                "null",
                "Scale the gradient when its global norm is larger.",
                "1.0");
    Section early =
        new Section()
            .key(
                "metric",
                new Word(HISTORY, List.of("val_auc", "val_f1", "val_r2")),
                "val_loss",
                "Watched column of the history.",
                "val_accuracy")
            .key(
                "patience",
                new Whole(1, 1_000_000),
                "5",
                "Epochs without improvement before training stops.",
                "3")
            .key(
                "min_delta",
                Real.notNegative(),
                "0.0",
                "Smallest change that counts as improvement.",
                "0.001")
            .key("restore_best", new Flag(), "true", "End with the weights of the best epoch.");
    Section checkpoint =
        new Section()
            .key(
                "every",
                new OrNull(Measure.distance()),
                "1 epochs",
                "Distance of checkpoints; null: only at the end.",
                "200 steps")
            .key("keep", new Whole(1, 1000), "2", "How many of the newest stay.")
            .key("keep_best", new Flag(), "true", "Keep the best epoch's beside them.");
    return new Section()
        .key("epochs", new Whole(1, 1_000_000), "10", "Passes over the training rows.")
        .key(
            "batch_size",
            new Whole(1, 1 << 24),
            "128",
            "Rows of one step, over all workers together.",
            "256")
        .key("optimizer", optimizer(), "adam", "Update rule.", "{adam: {learning_rate: 0.001}}")
        .key(
            "schedule",
            schedule(),
            "constant",
            "Learning rate over time.",
            "{cosine: {warmup_steps: 200}}")
        .key(
            "l1",
            Real.notNegative(),
            "0.0",
            "L1 penalty, added to the gradient as l1 * sign(w).",
            "0.0001")
        .key(
            "l2",
            Real.notNegative(),
            "0.0",
            "L2 penalty, added to the gradient as l2 * w; see weight_decay for the decoupled form.",
            "0.0001")
        .key(
            "gradient_clip",
            clip,
            "{}",
            "Limit of the gradient; one of value and norm.",
            "{norm: 1.0}")
        .key(
            "early_stopping",
            new OrNull(early),
            "null",
            "When to stop before the last epoch; null: never.",
            "{metric: val_accuracy, patience: 3}")
        .key(
            "ema",
            new OrNull(Real.from(0, 1)),
            "null",
            "Share that the moving average of the parameters keeps in a step; the average is evaluated and stored."
                + " null: no average.",
            "0.999")
        .key(
            "measure_training",
            new Flag(),
            "false",
            "Measure the training rows again at each epoch's end, as the model is used: without dropout and changes of images, with the"
                + " parameters at the end. Columns train_loss, ... of the history; it costs a pass over the rows.")
        .key("on_nan", onNan, "stop", "What a gradient with NaN or infinity does.", "{skip: 3}")
        .key(
            "determinism",
            new Word(List.of("strict"), List.of("relaxed")),
            "strict",
            "strict: the same configuration, seed and data give the same model bytes for any number of workers, shards and"
                + " retries. It costs a fixed order of sums: a slice is computed alone and a batch is added in a fixed tree.")
        .key(
            "precision",
            new Word("float32", "bfloat16"),
            "float32",
            "Type of the operands of matrix products while training. bfloat16 halves their bytes and is faster where the"
                + " processor has instructions for it; sums, gradients, parameters and scoring stay float32.",
            "bfloat16")
        .key("checkpoint", checkpoint, "{}", "When state is saved.", "{every: 200 steps, keep: 2}")
        .key(
            "max_time",
            new OrNull(Measure.time()),
            "null",
            "Stop at the next step after this time, with a checkpoint (--max-time).",
            "2h")
        .key(
            "fast_dev_run",
            new Whole(0, 1_000_000),
            "0",
            "Train so many steps and one epoch only, to see that all works; 0: off (--fast-dev-run).",
            "5")
        .key(
            "overfit_batches",
            new Whole(0, 1_000_000),
            "0",
            "Train and validate on so many batches only; 0: off (--overfit-batches).",
            "1");
  }

  static Choice optimizer() {
    return new Choice()
        .with(
            "sgd",
            "w -= rate * g, with momentum if set.",
            rate("0.1")
                .key("momentum", Real.from(0, 1), "0.0", "Decay of the velocity; 0: plain.", "0.9")
                .key(
                    "nesterov",
                    new Flag(),
                    "false",
                    "Look-ahead form of momentum (Sutskever et al., ICML 2013).",
                    "true")
                .all(decay("0.0")))
        .with(
            "rmsprop",
            "Divides by a moving root mean square (Tieleman, Hinton 2012).",
            rho("0.001", "0.9", "1e-8"))
        .with(
            "adadelta",
            "Scales by the ratio of two moving root mean squares (Zeiler 2012).",
            rho("1.0", "0.9", "1e-6"))
        .with("adam", "Two moving moments (Kingma, Ba, ICLR 2015).", moments("0.0"))
        .with(
            "adamw",
            "Adam with decoupled weight decay (Loshchilov, Hutter, ICLR 2019).",
            moments("0.01"))
        .with(
            "adagrad",
            "Divides by the root of summed squares (Duchi, Hazan, Singer, JMLR 2011).",
            rate("0.01").all(epsilon("1e-10")).all(decay("0.0")))
        .later("lamb", "lars", "ftrl", "nadam", "lbfgs");
  }

  private static Section rate(String fallback) {
    return new Section()
        .key("learning_rate", Real.positive(), fallback, "Step size before the schedule.");
  }

  private static Section epsilon(String fallback) {
    return new Section().key("epsilon", Real.positive(), fallback, "Added to the denominator.");
  }

  private static Section decay(String fallback) {
    return new Section()
        .key(
            "weight_decay",
            Real.notNegative(),
            fallback,
            "Decoupled weight decay: w is first multiplied by 1 - rate * decay.",
            "0.01");
  }

  private static Section rho(String rate, String rho, String epsilon) {
    return rate(rate)
        .key("rho", Real.from(0, 1), rho, "Decay of the moving mean of squares.")
        .all(epsilon(epsilon))
        .all(decay("0.0"));
  }

  private static Section moments(String decay) {
    return rate("0.001")
        .key("beta1", Real.from(0, 1), "0.9", "Decay of the first moment.")
        .key("beta2", Real.from(0, 1), "0.999", "Decay of the second moment.")
        .all(epsilon("1e-8"))
        .all(decay(decay));
  }

  static Choice schedule() {
    return new Choice()
        .with("constant", "The learning rate throughout.", warmup())
        .with("time", "rate / (1 + decay t).", timed("0.01"))
        .with(
            "step",
            "rate * factor^(epochs / every_epochs), rounded down.",
            warmup()
                .key("factor", Real.above(0, 1), "0.5", "Multiplier.")
                .key(
                    "every_epochs",
                    new Whole(1, 1_000_000),
                    "10",
                    "Epochs between multiplications.")
                .all(floor()))
        .with("exponential", "rate * exp(-decay t).", timed("0.01"))
        .with(
            "cosine",
            "From the rate to min_rate along half a cosine (Loshchilov, Hutter, ICLR 2017).",
            warmup().all(floor()))
        .with(
            "cyclical",
            "Cosine restarted at full rate (snapshot form, Huang et al., ICLR 2017).",
            warmup()
                .key("cycles", new Whole(1, 1_000_000), "5", "Cycles over the whole training."));
  }

  private static Section warmup() {
    return new Section()
        .key(
            "warmup_steps",
            new Whole(0, 1_000_000_000),
            "0",
            "Steps of linear rise before the schedule.",
            "200");
  }

  private static Section floor() {
    return new Section()
        .key("min_rate", Real.notNegative(), "0.0", "Lowest learning rate.", "0.00001");
  }

  private static Section timed(String decay) {
    return warmup()
        .key("decay", Real.notNegative(), decay, "k of the formula.", "0.1")
        .key("per", new Word("step", "epoch"), "epoch", "What t counts.", "step")
        .all(floor());
  }

  private static Choice compression() {
    return new Choice()
        .with("none", "Float32 values as they are.")
        .with("fp32", "Float32 values of units, to compare the others with.", units())
        .with("bf16", "bfloat16, rounded to nearest even: half the bytes.", units())
        .with("int8", "Eight bits and a scale per 256 values: a quarter of the bytes.", units())
        .with("topk", "The largest values of each 1,024, as bfloat16.", units().all(shares()))
        .with(
            "threshold",
            "Signs of the values above a threshold that follows each 1,024 values.",
            units().all(shares()));
  }

  private static Section units() {
    return new Section()
        .key(
            "units",
            new Whole(1, 4096),
            "2",
            "Parts of a batch whose gradients are coded together, a power of two, at most the slices. No more tasks than"
                + " units can work; a task sends the code of each unit that it has.",
            "4");
  }

  private static Section shares() {
    return new Section()
        .key("share", Real.above(0, 1), "0.01", "Share of a gradient's values that is sent.")
        .key(
            "down_share",
            Real.above(0, 1),
            "0.03",
            "Share of the parameters whose change is sent back.");
  }

  static Section distributed() {
    return new Section()
        .key(
            "mode",
            new Word(List.of("parameter_server"), List.of("local", "allreduce")),
            "parameter_server",
            "How workers share parameters.")
        .key(
            "workers",
            new Whole(1, 65_536, "auto"),
            "auto",
            "Training tasks; auto: one per core of the session.",
            "4")
        .key(
            "shards",
            new Whole(1, 4096, "auto"),
            "auto",
            "Parameter shards; auto: one per executor, in local mode one per task.",
            "2")
        .key(
            "slices",
            new Whole(1, 4096, "auto"),
            "auto",
            "Logical slices of a batch, the units of work that are summed in a fixed tree; auto: from the batch size alone."
                + " Results depend on it; nothing else here changes them.",
            "16")
        .key(
            "consistency",
            new Words.Shaped(
                "bsp, ssp(STEPS), async or local(STEPS), for example ssp(4)",
                "bsp|async|ssp\\( ?[0-9]{1,6} ?\\)|local\\( ?[1-9][0-9]{0,5} ?\\)"),
            "bsp",
            "When a step may start: bsp, after the whole step before (the same bits on any cluster); ssp(s), at most s steps ahead of"
                + " the slowest worker; async, at once. These two let a slow worker hold up others less, and give other bits in each run."
                + " local(k): every slice takes k steps by itself, then parameters and optimiser state are averaged (the same bits on any cluster).",
            "ssp(4)")
        .key(
            "compression",
            compression(),
            "none",
            "Coding of gradients and parameters on the wire; what a code leaves out is sent later. Results depend on it.",
            "{bf16: {units: 2}}")
        .key(
            "overlap",
            new Word("auto", "true", "false"),
            "auto",
            "Whether parts of a gradient are sent while others are computed, and the next step begins before all parameters are back."
                + " auto: with consistency bsp and without compression, when shards are reached over a network. Results do not depend on it.",
            "false")
        .key(
            "deadline",
            Measure.time(),
            "30s",
            "Longest wait for any part of a step before the culprit is named and replaced.")
        .key(
            "max_failures",
            new Whole(0, 10_000),
            "2",
            "Lost workers or shards that a run survives.")
        .key(
            "rebalance",
            new Flag(),
            "false",
            "Whether slices of an executor that is measured to be slow move to faster ones while training goes on (bsp and local(k); the"
                + " same bytes).",
            "true")
        .key(
            "transport",
            new Word("auto", "in_process", "network"),
            "auto",
            "How gradients reach the shards; auto: in-process when tasks and shards share one JVM.")
        .key(
            "placement",
            new Word("auto", "driver", "executor", "standalone"),
            "auto",
            "Where shards live; auto: in executors when there are executor processes, else in the driver; standalone: in servers.")
        .key(
            "servers",
            new ListOf(new Free("host:port"), 0),
            "[]",
            "Stand-alone servers (submit/bellows-server), each as host:port; only with placement: standalone.",
            "[\"127.0.0.1:7337\"]")
        .key(
            "replicas",
            new Whole(0, 1, "auto"),
            "auto",
            "Copies of each shard beside the first, on another executor (in the driver when there is no other) or server; auto: 1"
                + " when shards live in executors or in several servers.",
            "0");
  }
}
