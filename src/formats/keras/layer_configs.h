// The layers of an architecture, to be changed in place.
#pragma once

#include <functional>
#include <string>

#include "formats/keras/settings.h"

namespace pare::keras {

// Sees each layer that is no model, and its path: its name with those of the models around it in front, as the value that it gives is
// called. Throws Json::exception for what is not in the form that is known here.
void visit_layers(Json& model, const std::function<void(Json& layer, const std::string& path)>& see,
                  const std::string& prefix = "");

}  // namespace pare::keras
