package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.sample.BatchSchedule;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whole training steps here and in PyTorch in turn, one thread each, in one run. Arguments: Python
 * with torch, the peer's script (prints a line {@code model variant ... samples/s} for each model
 * and variant), models (comma-separated, or all), rounds, seconds per figure. Prints a Markdown
 * table: medians over the rounds of batches undivided and in a job's default number of slices, and
 * their ratios to the best of PyTorch's variants with operands of the same kind.
 */
public final class PeerBench {
  private static final Pattern LINE =
      Pattern.compile("^(\\S+)\\s+(\\S+)\\s+t=1\\s+([0-9.]+) samples/s.*");

  /** Behind the key of figures of batches in slices. */
  private static final String SLICED = " in slices";

  private PeerBench() {}

  /** Prints the table. */
  public static void main(String[] args) throws IOException {
    List<PeerModel> models =
        args.length < 3 || args[2].equals("all")
            ? PeerModel.all()
            : Arrays.stream(args[2].split(",", -1)).map(PeerModel::named).toList();
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 3;
    double seconds = args.length > 4 ? Double.parseDouble(args[4]) : 2;
    KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.AUTO);
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    for (PeerModel model : models) {
      Map<String, List<Double>> rates = new TreeMap<>();
      for (int round = 0; round < rounds; round++) {
        peer(args[0], args[1], model, seconds, rates);
        ours(model, provider, PlanOptions.DEFAULT, seconds, rates);
        ours(model, provider, PlanOptions.MIXED, seconds, rates);
      }
      row(model, "float32", rates, "plain", "channels_last");
      row(model, "bfloat16", rates, "bf16");
    }
  }

  private static void ours(
      PeerModel model,
      KernelProvider provider,
      PlanOptions options,
      double seconds,
      Map<String, List<Double>> rates) {
    String key = options == PlanOptions.MIXED ? "bfloat16" : "float32";
    int slices = BatchSchedule.defaultSlices(model.rows());
    try (StepRunner whole = new StepRunner(model, model.rows(), model.rows(), provider, options);
        StepRunner sliced =
            new StepRunner(model, model.rows(), model.rows() / slices, provider, options)) {
      add(rates, key, model.rows() * 1e9 / Timing.median(whole::step, seconds));
      add(rates, key + SLICED, model.rows() * 1e9 / Timing.median(sliced::step, seconds));
    }
  }

  private static void peer(
      String python,
      String script,
      PeerModel model,
      double seconds,
      Map<String, List<Double>> rates)
      throws IOException {
    ProcessBuilder process =
        new ProcessBuilder(
            python,
            script,
            "--threads",
            "1",
            "--repeats",
            "3",
            "--seconds",
            Double.toString(seconds),
            "--models",
            model.name(),
            "--variants",
            "plain,channels_last,bf16");
    process.environment().put("OMP_NUM_THREADS", "1");
    process.redirectErrorStream(true);
    Process started = process.start();
    StringBuilder all = new StringBuilder();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        all.append(line).append('\n');
        Matcher found = LINE.matcher(line);
        if (found.matches()) {
          add(rates, found.group(2), Double.parseDouble(found.group(3)));
        }
      }
    }
    if (!rates.containsKey("plain")) {
      throw new IOException("no figures of " + model.name() + " in:\n" + all);
    }
  }

  private static void add(Map<String, List<Double>> rates, String key, double rate) {
    rates.computeIfAbsent(key, k -> new ArrayList<>()).add(rate);
  }

  private static double median(Map<String, List<Double>> rates, String key) {
    return Timing.median(
        rates.getOrDefault(key, List.of(0.0)).stream().mapToDouble(r -> r).toArray());
  }

  private static void row(
      PeerModel model, String precision, Map<String, List<Double>> rates, String... variants) {
    String best =
        Arrays.stream(variants)
            .max((a, b) -> Double.compare(median(rates, a), median(rates, b)))
            .orElseThrow();
    double peer = median(rates, best);
    double here = median(rates, precision);
    double sliced = median(rates, precision + SLICED);
    Timing.print(
        "| %s | %s | %,.0f (%s) | %,.0f | %.2f | %s | %,.0f | %.2f | %s |%n",
        model.name(),
        precision,
        peer,
        best,
        here,
        here / peer,
        rounds(rates, precision, best),
        sliced,
        sliced / peer,
        rounds(rates, precision + SLICED, best));
  }

  private static String rounds(Map<String, List<Double>> rates, String here, String peer) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < rates.get(here).size(); i++) {
      double ratio = rates.get(here).get(i) / rates.get(peer).get(i);
      text.append(i == 0 ? "" : ", ").append(String.format(java.util.Locale.ROOT, "%.2f", ratio));
    }
    return text.toString();
  }
}
