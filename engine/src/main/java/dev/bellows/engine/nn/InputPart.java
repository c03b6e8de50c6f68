package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A named part of a row with a shape: numbers (an image [H, W, C], a series [T, F]) or tokens [T].
 *
 * @param name for {@code inputs} of layers; the lengths of a token part are {@code <name>.length}
 * @param tokens whether the values are tokens; else they are numbers
 * @param from first number of the row, for numbers; 0 for tokens
 * @param shape of a row's part; [T] for tokens
 * @param vocabulary tokens are 0 to vocabulary - 1; 0 for numbers
 * @param lengths whether a row also holds how many of its T tokens count, 0 to T
 */
public record InputPart(
    String name, boolean tokens, int from, List<Integer> shape, int vocabulary, boolean lengths) {
  /** Checks name, shape and vocabulary. */
  public InputPart {
    shape = List.copyOf(shape);
    if (!name.matches("[A-Za-z][A-Za-z0-9_]*")) {
      throw new NetworkException(
          "input part '" + name + "': a name is a letter, then letters, digits and _");
    }
    if (shape.isEmpty() || shape.stream().anyMatch(size -> size < 1) || from < 0) {
      throw new NetworkException(
          "input part '" + name + "': shape must hold sizes of 1 or more, got " + shape);
    }
    if (tokens ? shape.size() != 1 || vocabulary < 1 : vocabulary != 0 || lengths) {
      throw new NetworkException(
          "input part '"
              + name
              + (tokens
                  ? "': tokens need a shape [T] and a vocabulary of 1 or more, got "
                      + shape
                      + " and "
                      + vocabulary
                  : "': numbers have neither vocabulary nor lengths"));
    }
  }

  /** Numbers {@code from} onwards. */
  public static InputPart numbers(String name, int from, int... shape) {
    return new InputPart(
        name, false, from, java.util.Arrays.stream(shape).boxed().toList(), 0, false);
  }

  /** {@code length} tokens. */
  public static InputPart tokens(String name, int length, int vocabulary, boolean lengths) {
    return new InputPart(name, true, 0, List.of(length), vocabulary, lengths);
  }

  /** Values of a row. */
  public int size() {
    try {
      return shape.stream().reduce(1, Math::multiplyExact);
    } catch (ArithmeticException e) {
      throw new NetworkException(
          "input part " + name + ": expected a shape of less than 2^31 values, found " + shape);
    }
  }

  /** Code columns of a row; 0 for numbers. */
  int codes() {
    return tokens ? size() + (lengths ? 1 : 0) : 0;
  }

  Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("name", name);
    if (!tokens) {
      tree.put("from", (long) from);
    }
    tree.put("shape", shape.stream().map(size -> (Object) (long) size).toList());
    if (tokens) {
      tree.put("vocabulary", (long) vocabulary);
      tree.put("lengths", lengths);
    }
    return tree;
  }

  static InputPart fromJson(String where, Map<String, Object> json) {
    Tree tree = new Tree(where, json);
    String name = tree.text("name");
    List<Integer> shape = new ArrayList<>();
    for (Object size : tree.list("shape", List.of())) {
      shape.add(Tree.whole(where + ".shape[" + shape.size() + "]", size));
    }
    int vocabulary = tree.whole("vocabulary", 0);
    boolean lengths = tree.flag("lengths", false);
    int from = tree.whole("from", 0);
    tree.done();
    return new InputPart(name, vocabulary > 0, from, shape, vocabulary, lengths);
  }
}
