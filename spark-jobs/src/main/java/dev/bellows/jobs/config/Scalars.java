package dev.bellows.jobs.config;

import java.util.Set;
import java.util.regex.Pattern;

/** The YAML 1.2 core schema: what a plain scalar is. Nothing is coerced. */
final class Scalars {
  private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+");
  private static final Pattern REAL =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  private static final Pattern BASED = Pattern.compile("0o[0-7]+|0x[0-9a-fA-F]+");
  private static final Pattern SPECIAL = Pattern.compile("[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
  private static final Pattern LEADING_ZERO = Pattern.compile("[-+]?0[0-9]+");
  private static final Pattern UNDERSCORED = Pattern.compile("[-+]?[0-9][0-9_]*_[0-9_.]*");
  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
  private static final Set<String> TRUE = Set.of("true", "True", "TRUE");
  private static final Set<String> FALSE = Set.of("false", "False", "FALSE");
  private static final Set<String> OLD_BOOLEANS = Set.of("yes", "no", "on", "off", "y", "n");

  private Scalars() {}

  static boolean isNull(String plain) {
    return NULLS.contains(plain);
  }

  static boolean isTrue(String plain) {
    return TRUE.contains(plain);
  }

  static boolean isFalse(String plain) {
    return FALSE.contains(plain);
  }

  /** Decimal digits without a leading zero. */
  static boolean isWhole(String plain) {
    return WHOLE.matcher(plain).matches() && !hasLeadingZero(plain);
  }

  static boolean isReal(String plain) {
    return REAL.matcher(plain).matches() && !hasLeadingZero(plain);
  }

  static boolean hasLeadingZero(String plain) {
    return LEADING_ZERO.matcher(plain).matches();
  }

  static boolean isSpecial(String plain) {
    return SPECIAL.matcher(plain).matches();
  }

  /** Whether a plain scalar is something else than a string under the core schema. */
  static boolean isTyped(String plain) {
    return isNull(plain)
        || isTrue(plain)
        || isFalse(plain)
        || REAL.matcher(plain).matches()
        || BASED.matcher(plain).matches()
        || isSpecial(plain);
  }

  /**
   * Whether some YAML reader takes a plain scalar for something else than a string: these are
   * written in quotes.
   */
  static boolean isAmbiguous(String text) {
    return isTyped(text)
        || UNDERSCORED.matcher(text).matches()
        || OLD_BOOLEANS.contains(text.toLowerCase(java.util.Locale.ROOT));
  }

  /** Why a scalar that looks like a number is none; empty when there is nothing to add. */
  static String numberHint(Tree.Text text, boolean whole) {
    String value = text.value();
    if (!text.plain() && (whole ? isWhole(value) : isReal(value))) {
      return "; remove the quotes";
    }
    if (!text.plain()) {
      return "";
    }
    if (hasLeadingZero(value)) {
      return "; a leading zero reads as octal elsewhere, write it without";
    }
    if (BASED.matcher(value).matches()) {
      return "; write it in decimal";
    }
    if (UNDERSCORED.matcher(value).matches()) {
      return "; YAML 1.2 has no _ in numbers";
    }
    return isSpecial(value) ? "; it must be finite" : "";
  }

  /** Why a scalar that looks like a boolean is none; empty when there is nothing to add. */
  static String booleanHint(Tree.Text text) {
    if (!text.plain()) {
      return isTrue(text.value()) || isFalse(text.value()) ? "; remove the quotes" : "";
    }
    return OLD_BOOLEANS.contains(text.value().toLowerCase(java.util.Locale.ROOT))
        ? "; YAML 1.2 has only true and false"
        : "";
  }
}
