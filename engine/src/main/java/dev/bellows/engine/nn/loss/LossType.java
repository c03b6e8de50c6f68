package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Tree;
import dev.bellows.engine.nn.layer.Option;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The definition of one loss.
 *
 * <pre>
 * LossType.named("Squared error.", LossType.Truth.TARGET)
 *     .body(c -&gt; c.graph("").mse(c.output(), c.truth(), c.weights()));
 * </pre>
 */
public final class LossType {
  /** What a loss compares the output with. */
  public enum Truth {
    /** One class per row or position; output [N, P..., K], labels int [N, P]. */
    LABELS,
    /**
     * A number per output; target float of the output's shape, both flattened to [N, K] for the
     * loss.
     */
    TARGET,
    /** One number per row, whatever the number of outputs: whether a pair is alike. */
    ROW,
    /** Nothing: the loss is on the output alone. */
    NONE
  }

  /** What raw scores become when predicting. */
  public enum Prediction {
    SCORES,
    SOFTMAX,
    SIGMOID,
    /** e^score. */
    EXPONENTIAL
  }

  /** Adds a loss to a graph: the scalar sum over rows of weight times the row's loss. */
  @FunctionalInterface
  public interface Body {
    /** Adds the nodes. */
    Node build(LossContext context);
  }

  /** Says whether the loss fits a number of outputs. */
  @FunctionalInterface
  public interface Check {
    /**
     * What is wrong, or null.
     *
     * @param outputs classes, or values per row
     * @param options of the loss
     */
    @Nullable String problem(int outputs, Map<String, Object> options);
  }

  /** Options of every loss, for networks with several outputs. */
  static final List<Option> COMMON =
      List.of(
          Option.word("target", "Input or head whose values are the truth; missing: its own.")
              .optional(),
          Option.real("weight", "Factor of this loss in the sum of all.")
              .in(Option.Range.POSITIVE)
              .optional(),
          Option.word(
                  "per",
                  "For labels per position: row, each row counts 1; position, each position does.",
                  "row",
                  "position")
              .optional());

  private final String doc;
  private final Truth truth;
  private final List<Option> options;
  private final boolean classifies;
  private final Prediction prediction;
  private final boolean embeds;
  private final Check check;
  private final Body body;

  private LossType(Definition d, Body body) {
    this.doc = d.doc;
    this.truth = d.truth;
    this.options = List.copyOf(d.options);
    this.classifies = d.classifies;
    this.prediction = d.prediction;
    this.embeds = d.embeds;
    this.check = d.check;
    this.body = body;
  }

  /** Starts a definition. */
  public static Definition named(String doc, Truth truth) {
    return new Definition(doc, truth);
  }

  /** A loss under construction. */
  public static final class Definition {
    private final String doc;
    private final Truth truth;
    private final List<Option> options = new ArrayList<>();
    private boolean classifies;
    private Prediction prediction = Prediction.SCORES;
    private boolean embeds;
    private Check check = (outputs, options) -> null;

    private Definition(String doc, Truth truth) {
      this.doc = doc;
      this.truth = truth;
    }

    /** Adds an option. */
    public Definition option(Option option) {
      options.add(option);
      return this;
    }

    /** Says that the task is a classification, and what scores become. */
    public Definition classifies(Prediction scores) {
      classifies = true;
      prediction = scores;
      return this;
    }

    /** Says what scores become when predicting numbers. */
    public Definition predicts(Prediction scores) {
      prediction = scores;
      return this;
    }

    /**
     * Says that the outputs are a place in a space and not one score per class; option {@code
     * classes} has the number of labels.
     */
    public Definition embeds() {
      embeds = true;
      return this;
    }

    /** Says what outputs fit. */
    public Definition check(Check fits) {
      check = fits;
      return this;
    }

    /** Applies {@code more}, for options that several losses share. */
    public Definition with(UnaryOperator<Definition> more) {
      return more.apply(this);
    }

    /** Finishes the definition. */
    public LossType body(Body body) {
      return new LossType(this, body);
    }
  }

  /** One sentence for people. */
  public String doc() {
    return doc;
  }

  /** What the output is compared with. */
  public Truth truth() {
    return truth;
  }

  /** The options of this loss, without those that every loss has. */
  public List<Option> options() {
    return options;
  }

  /** {@link #options} and those that every loss has. */
  public List<Option> allOptions() {
    List<Option> all = new ArrayList<>(options);
    all.addAll(COMMON);
    return all;
  }

  /** Whether the loss has an option of its own of this name. */
  public boolean has(String option) {
    return options.stream().anyMatch(o -> o.name().equals(option));
  }

  /** Whether the task is a classification. */
  public boolean classifies() {
    return classifies;
  }

  /** What raw scores become when predicting. */
  public Prediction prediction() {
    return prediction;
  }

  /** Adds what raw scores [..., K] become when predicting. */
  public Node predict(Graph graph, Node scores) {
    return switch (prediction) {
      case SOFTMAX -> graph.softmax(scores, 1);
      case SIGMOID -> graph.sigmoid(scores);
      case EXPONENTIAL -> graph.exp(scores);
      case SCORES -> scores;
    };
  }

  /** Whether the output predicts the truth; else it is an embedding or has no truth. */
  public boolean predicts() {
    return !embeds && (truth == Truth.LABELS || truth == Truth.TARGET);
  }

  /**
   * The number of labels.
   *
   * @param outputs of the network: the number of labels, unless the loss is on embeddings
   * @param options completed
   */
  public int labels(int outputs, Map<String, Object> options) {
    return embeds && options.get("classes") instanceof Number n ? n.intValue() : outputs;
  }

  /**
   * The columns of a row's truth.
   *
   * @param outputs values per row
   */
  public int truthWidth(int outputs) {
    return switch (truth) {
      case ROW -> 1;
      case NONE -> 0;
      case LABELS, TARGET -> outputs;
    };
  }

  /** What is wrong with a number of outputs, or null. */
  public @Nullable String problem(int outputs, Map<String, Object> options) {
    return check.problem(outputs, options);
  }

  /** The options given, checked and completed. */
  public Map<String, Object> complete(Map<String, Object> given) {
    Tree tree = new Tree("loss", given);
    Map<String, Object> all = new LinkedHashMap<>();
    for (Option option : options) {
      option.read("loss", tree, all);
    }
    for (Option option : COMMON) {
      option.read("loss", tree, all);
    }
    tree.done();
    return Collections.unmodifiableMap(all);
  }

  /** Adds the loss to the context's graph: a scalar. */
  public Node build(LossContext context) {
    return body.build(context);
  }
}
