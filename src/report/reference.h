// The reference pages for people, from the definitions themselves. docs/reference/ holds what these functions give; a test compares.
#pragma once

#include <string>

namespace pare {

// Every operator: formula, operands, results, attributes, quantisation, kernels. Markdown.
std::string operator_reference();

// Every pass, and where it runs. Markdown.
std::string pass_reference();

}  // namespace pare
